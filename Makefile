# SPDX-License-Identifier: GPL-2.0-only
#
# All output goes to build/. Kbuild, beside this file, describes the modules, and
# a build.mk in each program's folder lists its sources and libraries.

KVER ?=
KDIR ?= /lib/modules/$(shell uname -r)/build
MEI_DIR ?=
O := build$(if $(SAN),/san)
cache := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/amt-lme
kernel := selftests/vm/kernel

prefix ?= /usr
sbindir ?= $(prefix)/sbin
libdir ?= $(prefix)/lib

all: modules user

help:
	@echo 'make modules        amt_lme.ko for the running kernel; KDIR=FOLDER for another,'
	@echo '                    KVER=6.1 for a test kernel of the VM, with vmei.ko'
	@echo 'make user           amt-helper and amt-sim; SAN=1 with ASan and UBSan'
	@echo 'make install        modules, amt-helper and its unit; DESTDIR, prefix'
	@echo 'make demo           curl talks to a virtual AMT, in a VM'
	@echo 'make check          the tests, those in the VM on 6.1; ONLY="static unit" for some'
	@echo 'make check-kernels  the VM tests on Debian 5.10, 6.1, 6.12 and sid kernels'
	@echo 'make check-debug    the VM tests on a kernel with KASAN, lockdep, kmemleak,'
	@echo '                    on the bus and through the relay'
	@echo 'make bench          speed of the module against a program on /dev/mei0'
	@echo 'make fuzz           libFuzzer on the parsers; FUZZ_SECONDS=60 for each'
	@echo 'make soak           many resets of the firmware, many loads, many bytes, on'
	@echo '                    6.1 and the bus;'
	@echo '                    AMT_LME_RESETS=1400 AMT_LME_LOADS=100 AMT_LME_MIB=16'
	@echo 'make ynl            generate the netlink code from its specification'
	@echo 'make htmldocs       the documentation in build/html'

# ---- Modules: Kbuild builds in place, so in a mirror of links, one per kernel

ifneq ($(KVER),)
modules:
	release=$$($(kernel) release $(KVER)) && \
	kdir=$$($(kernel) build $$release) && \
	mei=$$($(kernel) source $$release)/drivers/misc/mei && \
	$(MAKE) modules KVER= KDIR=$$kdir MEI_DIR=$$mei
else
utsrelease = $(KDIR)/include/generated/utsrelease.h
release = $(shell sed -n 's/.* UTS_RELEASE "\(.*\)".*/\1/p' $(utsrelease) 2>/dev/null)
mirror = $(CURDIR)/build/modules/$(release)

modules:
	@test -n "$(release)" || { echo "no kernel headers in $(KDIR):" \
		"apt-get install linux-headers-$$(uname -r), or make KVER=6.1" >&2; exit 1; }
	mkdir -p $(mirror)/selftests
	find $(mirror) -xtype l -delete
	cp -rsf $(CURDIR)/Kbuild $(CURDIR)/kernel $(CURDIR)/uapi $(mirror)
	cp -rsf $(CURDIR)/selftests/vmei $(mirror)/selftests
	$(MAKE) -C $(KDIR) M=$(mirror) MEI_DIR=$(MEI_DIR) modules
endif

# ---- Programs: <name>-src and <name>-pkg of the fragments give build/bin/<name>;
# ---- the tests in the VM go to build/selftests, the native ones to build/unit

CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -D_GNU_SOURCE \
	-D_FORTIFY_SOURCE=2 -fstack-protector-strong
CPPFLAGS := -Iuapi -Iselftests/vmei -Iuser -MMD -MP
ifneq ($(SAN),)
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
endif

include $(wildcard user/build.mk selftests/build.mk selftests/*/build.mk)
programs := $(patsubst %-src,%,$(filter %-src,$(.VARIABLES)))

# A test in the VM shares selftests/testlib*.c; a native one brings its own.
vm-tests := $(patsubst selftests/%.c,%,$(wildcard selftests/*_test.c))
unit-tests := $(patsubst selftests/unit/%.c,%,$(wildcard selftests/unit/*_test.c))
$(foreach t,$(vm-tests),\
	$(eval $(t)-src += selftests/$(t).c $(wildcard selftests/testlib*.c)) \
	$(eval $(t)-pkg += libnl-genl-3.0))
$(foreach t,$(unit-tests),$(eval $(t)-src += selftests/unit/$(t).c))

define program
$(1)-obj := $(sort $(patsubst %.c,$(O)/obj/%.o,$($(1)-src)))
$$($(1)-obj): private PKG += $$(if $($(1)-pkg),$$(shell pkg-config --cflags $($(1)-pkg)))
$(2)/$(1): $$($(1)-obj)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ \
		$(if $($(1)-pkg),$$(shell pkg-config --libs $($(1)-pkg)))
all-obj += $$($(1)-obj)
endef
bins := $(filter-out $(vm-tests) $(unit-tests),$(programs))
$(foreach p,$(bins),$(eval $(call program,$(p),$(O)/bin)))
$(foreach p,$(vm-tests),$(eval $(call program,$(p),$(O)/selftests)))
$(foreach p,$(unit-tests),$(eval $(call program,$(p),$(O)/unit)))

$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo '$(CFLAGS) $(CPPFLAGS) $(PKG)' > $(@:.o=.flags)
	$(CC) $(CFLAGS) $(CPPFLAGS) $(PKG) -c -o $@ $<
-include $(all-obj:.o=.d)

user: $(addprefix $(O)/bin/,$(bins))

# The harness of the kernel's selftests comes with its source.
test-obj := $(filter $(O)/obj/selftests/%_test.o $(O)/obj/selftests/testlib%.o,$(all-obj))
$(test-obj): | $(cache)/kselftest
$(test-obj): CPPFLAGS += -isystem $(cache)/kselftest -Iselftests
$(filter $(O)/obj/selftests/unit/%,$(test-obj)): \
	CPPFLAGS += -Iselftests/unit/include -Ikernel
$(O)/obj/kernel/%.o: CPPFLAGS += -Iselftests/unit/include

$(cache)/kselftest:
	ln -sfT $$($(kernel) source 6.1)/tools/testing/selftests $@

vm-tests: $(addprefix $(O)/selftests/,$(vm-tests))
unit-tests: $(addprefix $(O)/unit/,$(unit-tests))

# Not the tests: what the macros of the harness expand to is not ours.
tidy: $(patsubst $(O)/obj/%.o,$(O)/tidy/%,$(filter-out %_test.o,$(sort $(all-obj))))
$(O)/tidy/%: $(O)/obj/%.o .clang-tidy
	clang-tidy --quiet $*.c -- $$(cat $(<:.o=.flags)) 2> $(O)/obj/$*.tidy || \
		{ cat $(O)/obj/$*.tidy >&2; exit 1; }
	@mkdir -p $(@D) && touch $@

# ---- Tests

demo:
	selftests/demo
check:
	selftests/check $(ONLY)
check-kernels:
	selftests/check 5.10 6.1 6.12 sid
check-debug:
	selftests/check debug
bench: user
	$(MAKE) modules KVER=6.1
	selftests/bench/run
	selftests/bench/run-info
soak:
	AMT_LME_RESETS=$(or $(AMT_LME_RESETS),1400) \
		AMT_LME_LOADS=$(or $(AMT_LME_LOADS),100) \
		AMT_LME_MIB=$(or $(AMT_LME_MIB),16) \
		VM_TIMEOUT=86400 selftests/check transfer_test storm_test

fuzzers := $(patsubst selftests/fuzz/%.c,$(O)/fuzz/%,$(wildcard selftests/fuzz/*_fuzz.c))
$(foreach f,$(fuzzers),$(eval $(f): $(fuzz-$(patsubst %_fuzz,%,$(notdir $(f))))))
$(O)/fuzz/%: selftests/fuzz/%.c $(wildcard kernel/*.h user/*/*.h)
	@mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -D_GNU_SOURCE $(filter-out -MMD -MP,$(CPPFLAGS)) \
		-Iselftests/unit/include -Ikernel \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $(filter %.c,$^)
fuzz: $(fuzzers)
	@test -n "$^" || { echo "no fuzzers in selftests/fuzz" >&2; exit 1; }
	set -e; for f in $^; do \
		name=$$(basename $$f _fuzz); mkdir -p build/corpus/$$name; \
		$$f -max_total_time=$(or $(FUZZ_SECONDS),60) \
			-artifact_prefix=build/fuzz/ build/corpus/$$name \
			$$(find selftests/fuzz/corpus -maxdepth 1 -name "$$name"); \
	done

# ---- Generated files, documentation, installation

ynl:
	selftests/tools/ynl

htmldocs:
	selftests/tools/htmldocs

install: user modules
	$(MAKE) -C $(KDIR) M=$(mirror)/kernel modules_install \
		INSTALL_MOD_PATH=$(DESTDIR)
	$(if $(DESTDIR),,depmod $(release))
	install -D -m 755 build/bin/amt-helper $(DESTDIR)$(sbindir)/amt-helper
	install -D -m 644 -t $(DESTDIR)$(libdir)/systemd/system user/dist/amt-helper.service
	install -D -m 644 -t $(DESTDIR)$(libdir)/udev/rules.d user/dist/60-amt-lme.rules
	install -D -m 644 user/dist/amt-lme.sysusers $(DESTDIR)$(libdir)/sysusers.d/amt-lme.conf
	install -D -m 644 user/dist/amt-helper.bash \
		$(DESTDIR)$(prefix)/share/bash-completion/completions/amt-helper

.PHONY: all help modules user vm-tests unit-tests tidy demo check check-kernels \
	check-debug bench fuzz soak ynl htmldocs install
