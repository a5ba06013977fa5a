# show.sh - sourced by the demo's two halves.
show() { # show ARGUMENT...: a kstate command as it is typed, and what it prints
  printf '\n$ kstate %s\n' "$*"
  "$KSTATE" "$@" || [ $? = 3 ]  # doctor's way to say that something is wrong
}
