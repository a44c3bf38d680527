# SPDX-License-Identifier: GPL-2.0-only
# amt-helper; a test of its relay is in selftests/unit/.

amt-helper-src := \
	user/helper/main.c \
	user/helper/cmd-serve.c \
	user/helper/cmd-status.c \
	user/helper/failure.c \
	user/helper/kernel.c \
	user/helper/serve/connections.c \
	user/helper/serve/forwards.c \
	user/helper/serve/lifecycle.c \
	user/helper/serve/link.c \
	user/helper/serve/listener.c \
	user/helper/serve/relay.c \
	user/lib/device.c \
	user/lib/exit.c \
	user/lib/netlink.c \
	user/lib/output.c
amt-helper-pkg := libnl-genl-3.0 libsystemd json-c

# A package does the last step itself, hence only without DESTDIR.
install: install-dist
install-dist:
	install -D -m 644 user/dist/amt-helper.service \
		$(DESTDIR)$(libdir)/systemd/system/amt-helper.service
	install -D -m 644 user/dist/60-amt-lme.rules \
		$(DESTDIR)$(libdir)/udev/rules.d/60-amt-lme.rules
	install -D -m 644 user/dist/amt-lme.sysusers \
		$(DESTDIR)$(libdir)/sysusers.d/amt-lme.conf
	install -D -m 644 user/dist/amt-helper.bash \
		$(DESTDIR)$(prefix)/share/bash-completion/completions/amt-helper
	if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then \
		systemd-sysusers && udevadm control --reload && \
		systemctl daemon-reload; \
	fi
.PHONY: install-dist
