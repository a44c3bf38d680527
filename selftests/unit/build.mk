# SPDX-License-Identifier: GPL-2.0-only
# Native tests, and the sources that they test.

apf_test-src := kernel/apf.c
amt_test-src := user/helper/amt.c user/helper/failure.c user/helper/parse.c \
	user/lib/exit.c user/lib/output.c $(wildcard user/pthi/*.c)
amt_test-pkg := json-c
holder_test-src := user/lib/holder.c user/lib/tree.c
mei_test-src := user/lib/mei.c
output_test-src := user/lib/exit.c user/lib/output.c
output_test-pkg := json-c
pthi_test-src := $(wildcard user/pthi/*.c)
pthi_names_test-src := $(wildcard user/pthi/*.c) user/helper/describe.c \
	user/lib/exit.c user/lib/output.c
pthi_names_test-pkg := json-c
doctor_hardware_test-src := $(wildcard user/helper/doctor/*.c) \
	user/helper/amt.c user/helper/daemon.c user/helper/describe.c \
	user/helper/failure.c user/helper/kernel.c user/helper/parse.c user/helper/taken.c \
	user/lib/device.c user/lib/exit.c user/lib/holder.c user/lib/mei.c \
	user/lib/netlink.c user/lib/output.c user/lib/tree.c \
	$(wildcard user/pthi/*.c)
doctor_hardware_test-pkg := json-c libnl-genl-3.0
doctor_link_test-src := $(doctor_hardware_test-src)
doctor_link_test-pkg := $(doctor_hardware_test-pkg)
driver_test-src := user/helper/serve/driver.c user/helper/watch.c \
	user/helper/failure.c user/lib/exit.c user/lib/output.c
driver_test-pkg := libsystemd json-c
relay_test-src := user/helper/serve/relay.c
relay_test-pkg := libsystemd
requests_test-src := user/helper/serve/control.c user/lib/exit.c user/lib/output.c
requests_test-pkg := libsystemd json-c

amm_test-src := selftests/unit/amm_peer.c $(wildcard user/amm/*.c)
amm_command_test-src := selftests/unit/amm_peer.c $(wildcard user/amm/*.c \
	user/helper/amm-*.c user/helper/cmd-amm*.c) user/helper/failure.c \
	user/helper/parse.c user/lib/exit.c user/lib/output.c
amm_command_test-pkg := json-c
amm_hostile_test-src := selftests/unit/amm_peer.c
amm_hostile_test-pkg := json-c

$(O)/obj/selftests/unit/amm_command_test.o: \
	CPPFLAGS += -DSCHEMAS=\"$(CURDIR)/Documentation/schema\"

# They run the program.
$(O)/unit/amm_command_test $(O)/unit/amm_hostile_test: | $(O)/bin/amt-helper

# The harness's TEST() gives each test parameters that few use.
$(O)/obj/selftests/unit/%_test.o: CFLAGS += -Wno-unused-parameter
