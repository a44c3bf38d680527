# SPDX-License-Identifier: GPL-2.0-only
# amt-helper; a test of its relay is in selftests/unit/.

amt-helper-src := \
	user/helper/main.c \
	user/helper/amm-lists.c \
	user/helper/amm-target.c \
	user/helper/amt.c \
	user/helper/amt-change.c \
	user/helper/changes.c \
	user/helper/child.c \
	user/helper/cmd-amm.c \
	user/helper/cmd-amm-raw.c \
	user/helper/cmd-account.c \
	user/helper/cmd-change.c \
	user/helper/cmd-connect.c \
	user/helper/cmd-doctor.c \
	user/helper/cmd-events.c \
	user/helper/cmd-hbased.c \
	user/helper/cmd-info.c \
	user/helper/cmd-inventory.c \
	user/helper/cmd-serve.c \
	user/helper/cmd-status.c \
	user/helper/cmd-wait.c \
	user/helper/cmd-yield.c \
	user/helper/daemon.c \
	user/helper/describe.c \
	user/helper/doctor/amt.c \
	user/helper/doctor/check-amt.c \
	user/helper/doctor/check-clients.c \
	user/helper/doctor/check-hardware.c \
	user/helper/doctor/check-link.c \
	user/helper/doctor/check-module.c \
	user/helper/doctor/hardware-report.c \
	user/helper/doctor/layers.c \
	user/helper/doctor/measure.c \
	user/helper/doctor/mei.c \
	user/helper/doctor/module.c \
	user/helper/doctor/ports.c \
	user/helper/doctor/processes.c \
	user/helper/failure.c \
	user/helper/info.c \
	user/helper/kernel.c \
	user/helper/parse.c \
	user/helper/serve/config.c \
	user/helper/serve/connections.c \
	user/helper/serve/control.c \
	user/helper/serve/driver.c \
	user/helper/serve/forwards.c \
	user/helper/serve/inherited.c \
	user/helper/serve/instance.c \
	user/helper/serve/lifecycle.c \
	user/helper/serve/link.c \
	user/helper/serve/listener.c \
	user/helper/serve/relay.c \
	user/helper/serve/report.c \
	user/helper/serve/transport.c \
	user/helper/taken.c \
	user/helper/watch.c \
	user/lib/device.c \
	user/lib/exit.c \
	user/lib/holder.c \
	user/lib/mei.c \
	user/lib/netlink.c \
	user/lib/output.c \
	user/lib/tree.c \
	$(wildcard user/amm/*.c user/pthi/*.c)
amt-helper-pkg := nettle libnl-genl-3.0 libsystemd json-c inih
