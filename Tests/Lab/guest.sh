# guest.sh - sourced by uml and qemu: what both guests do from their init on, and how their outcome comes back.

guest_script=
guest_work=

guest_prepare() { # guest_prepare MODULES-DIRECTORY SCRIPT [ARGUMENT...]: makes $guest_work with an init in it
  local modules_directory=$1
  guest_script=$(realpath "$2")
  shift 2
  guest_work=$(mktemp -d)
  mkdir -p /lib/modules  # where the guest binds its own
  cat > "$guest_work/init" <<INIT
#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root PAGER=cat KSTATE=$(printf %q "${KSTATE:-}")
export ROUND_TRIP=$(printf %q "${ROUND_TRIP:-}") GUEST_CLOCK=$(printf %q "${GUEST_CLOCK:-}")
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmpfs /run; mkdir -p /run/netns
mount --bind $(printf %q "$modules_directory") /lib/modules; echo /sbin/modprobe > /proc/sys/kernel/modprobe
for module in ${MODULES-ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_sh nf_conntrack_netlink nf_nat veth dummy}; do modprobe \$module; done
ip link set lo up
cd $(printf %q "$PWD"); bash $(printf '%q ' "$guest_script" "$@") > "$guest_work/out" 2>&1; echo \$? > "$guest_work/status"
sync; echo o > /proc/sysrq-trigger; sleep 5
INIT
  chmod +x "$guest_work/init"
}

guest_finish() { # prints what the script printed, and exits with its status
  local status
  cat "$guest_work/out" 2>/dev/null || tail -5 "$guest_work/console" >&2
  status=$(cat "$guest_work/status" 2>/dev/null || echo 124)
  rm -rf "$guest_work"
  exit "$status"
}
