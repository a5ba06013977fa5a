# guest_unit.sh - in the guest: docs/kstate-record.service under systemd, as it stands and with the lines that --all-netns takes. What it
# writes goes to /run, which is the guest's own.
set -eu
unit=$(realpath "$(dirname "$0")/../../docs/kstate-record.service")

boot() { # boot LINES: systemd with that unit alone, and LINES in its [Service]
  rm -rf /run/node /run/systemd
  mkdir -p /run/node/units/kstate-record.service.d /run/node/var/lib /run/node/bin /run/node/system
  # Of systemd's own units those that every service waits for.
  for target in sysinit basic shutdown umount network-pre local-fs local-fs-pre paths sockets timers slices swap; do
    cp /usr/lib/systemd/system/$target.target /run/node/units
  done
  cp "$unit" /run/node/units
  printf '[Service]\nStandardError=append:/run/node/errors\n%s\n' "$1" > /run/node/units/kstate-record.service.d/lines.conf
  cp "$KSTATE" /run/node/bin/kstate
  unshare --pid --fork --kill-child --mount --mount-proc bash -c '
    mount --bind /run/node/units /usr/lib/systemd/system
    mount --bind /run/node/system /etc/systemd/system
    mount --bind /run/node/var /var
    mount --bind /run/node/bin /usr/local/bin
    mount -t tmpfs tmpfs /tmp
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    container=other exec /lib/systemd/systemd --system --unit=kstate-record.service --log-target=null --show-status=no' &
  systemd=$!
}

wait_for() { # wait_for COMMAND...
  for _ in $(seq 600); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.1; done
  echo "it did not come about: $*"; cat /run/node/errors; exit 1
}

recorded() { "$KSTATE" snapshot info /run/node/var/lib/kstate | grep -E "$1"; }

ask() { nsenter -t "$(pgrep -P $systemd)" -p -m systemctl "$@"; }

finish() { # stops the unit, and takes nothing but a good end
  ask stop kstate-record
  outcome=$(ask show kstate-record -p NRestarts,Result,ExecMainStatus | sort | tr '\n' ' ')
  [ "$outcome" = "ExecMainStatus=0 NRestarts=0 Result=success " ] || { echo "$outcome"; cat /run/node/errors; exit 1; }
  kill -9 $systemd
  wait $systemd 2>/dev/null || true
}

ip link add d0 type dummy
ip addr add 10.9.0.1/24 dev d0
ip link set d0 up
iptables-legacy -A OUTPUT -m conntrack --ctstate NEW -j ACCEPT
ip netns add blue

boot ""
wait_for recorded "[1-9][0-9]* samples"
for port in 4001 4002 4003; do echo x > /dev/udp/10.9.0.1/$port; done
wait_for recorded "[3-9] events"
finish
[ "$("$KSTATE" conn --from /run/node/var/lib/kstate --port 4001,4002,4003 --count)" = 3 ]
[ "$(stat -c %a /run/node/var/lib/kstate /run/node/var/lib/kstate/record-*.kstate | tr '\n' ' ')" = "700 600 " ]
# What the kernel refuses a process without the right capability is told in the file.
[ "$(sqlite3 /run/node/var/lib/kstate/record-*.kstate 'SELECT count(*) FROM readings WHERE error_code = 1')" = 0 ]

boot "ExecStart=
ExecStart=/usr/local/bin/kstate record /var/lib/kstate --size 1G --all-netns
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_PTRACE
RestrictNamespaces=net"
wait_for recorded "[1-9][0-9]* samples"
finish
"$KSTATE" snapshot info /run/node/var/lib/kstate --since 1h | grep "namespace blue"
