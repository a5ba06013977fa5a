# make demo, make test: the README's two commands. Everything else is a part of them, or for whoever works on kstate.

PACKAGES = libnl-3-dev libnl-genl-3-dev libnetfilter-conntrack-dev libcurl4-openssl-dev libsqlite3-dev libyaml-dev libzstd-dev zlib1g-dev pkg-config \
  iproute2 iptables nftables conntrack ipvsadm kmod openssl sqlite3 user-mode-linux dnsmasq-base iputils-ping python3 python3-jsonschema \
  procps util-linux strace
PREFIX ?= /usr/local
KSTATE = .build/release/kstate
# All libraries inside but glibc's: a node need have none of them, and a start does not look for them. At a fixed address and without
# a table of its own names, because 90,000 relocations and the pages that they touch were a third of every start. One set of flags for
# every product: others would build all anew.
ARCHIVES = .build/archives
RELEASE = PKG_CONFIG_PATH=$(abspath $(ARCHIVES)) swift build -c release --static-swift-stdlib -Xlinker -L$(ARCHIVES) -Xswiftc -use-ld=lld \
  -Xlinker --no-export-dynamic -Xswiftc -Xclang-linker -Xswiftc -no-pie -Xswiftc -Xclang-linker -Xswiftc -static-libgcc
SOURCES = Package.swift Sources Tests

.PHONY: all setup build demo test unit-test command-test kernel-test fuzz docs second-opinion lint format install completions man clean bench

all: build

setup:
	@missing=$$(for p in $(PACKAGES); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing; fi

build: setup $(ARCHIVES)
	$(RELEASE) --product kstate

# Looked at before the system's folders, because it is what pkg-config names first.
$(ARCHIVES):
	rm -rf $@.partial
	mkdir -p $@.partial
	for library in stdc++ sqlite3 nl-3 nl-genl-3; do ln -s "$$(cc -print-file-name=lib$$library.a)" $@.partial; done
	for package in libnl-3.0 libnl-genl-3.0; do \
	  sed 's|^libdir=.*|libdir=$(ARCHIVES)|' "$$(pkg-config --variable=pcfiledir $$package)/$$package.pc" > $@.partial/$$package.pc; done
	mv $@.partial $@

demo: build
	@Tests/Lab/demo $(KSTATE)

test: build lint unit-test docs command-test kernel-test fuzz

unit-test: setup
	swift test

command-test: build
	KSTATE=$(abspath $(KSTATE)) python3 -m unittest discover -v -s Tests/Command

kernel-test: build
	$(RELEASE) --product table-filler
	$(RELEASE) --product fact-printer
	$(RELEASE) --product capture-comparer
	KSTATE=$(abspath $(KSTATE)) python3 -m unittest discover -v -s Tests/Kernel

# The netlink decoder and the parsers of proc files and other tools' texts, with the address sanitizer, all at once, SECONDS each.
SECONDS ?= 60
fuzz: setup
	Tests/Fuzz/run $(SECONDS)

# The doc comments as DocC reads them: one that names something unknown, or leaves a parameter out, is an error.
docs: setup
	swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members >/dev/null
	Tests/Lint/docs .build/*/symbolgraph

# The guest's tests under another kernel, in software emulation: some minutes.
second-opinion: build
	@dpkg-query -W -f '$${Status}' qemu-system-x86 2>/dev/null | grep -q 'ok installed' || \
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-system-x86; }
	$(RELEASE) --product fact-printer
	Tests/Lab/second-kernel .build/second-kernel
	cd Tests/Kernel && KSTATE=$(abspath $(KSTATE)) python3 -m unittest -v second_opinion

lint:
	swift format lint --strict --recursive $(SOURCES)

format:
	swift format --in-place --recursive $(SOURCES)

# The plugin builds kstate its own way, without the runtime inside: in a folder of its own.
completions man: build
	mkdir -p .build/share
	for shell in bash zsh fish; do $(KSTATE) --generate-completion-script $$shell > .build/share/kstate.$$shell; done
	swift package --scratch-path .build-man plugin --allow-writing-to-directory .build/share generate-manual --output-directory .build/share --date "$$(date -u +%F)"

install: build completions
	install -D -m 755 $(KSTATE) $(DESTDIR)$(PREFIX)/bin/kstate
	strip --strip-debug $(DESTDIR)$(PREFIX)/bin/kstate  # a fifth of it; the names that a crash would tell stay
	install -D -m 644 .build/share/kstate.1 $(DESTDIR)$(PREFIX)/share/man/man1/kstate.1
	install -D -m 644 .build/share/kstate.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/kstate
	install -D -m 644 .build/share/kstate.zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_kstate
	install -D -m 644 .build/share/kstate.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/kstate.fish

bench: build
	$(RELEASE) --product table-filler
	python3 Benchmarks
	Benchmarks/service
	Benchmarks/snapshot
	Benchmarks/kube
	Benchmarks/record

clean:
	rm -rf .build .build-man .build-fuzz
