# SPDX-License-Identifier: GPL-2.0-only
# amt-sim: the virtual AMT firmware behind /dev/vmei.

amt-sim-src := $(addprefix selftests/amt-sim/, \
	main.c profile.c control.c fault.c trace.c \
	heci.c connection.c hbm.c exchange.c \
	apf.c lme.c channel.c \
	pthi.c pthi-read.c pthi-change.c mkhi.c manageability.c spoil.c \
	http.c wsman.c tls.c key.c)
amt-sim-pkg := libmicrohttpd libsystemd gnutls libxml-2.0
