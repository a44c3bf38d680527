# SPDX-License-Identifier: GPL-2.0-only
# SHA-256 from gnutls, which amt-sim needs too.

# bare: speaks APF itself on /dev/meiN.
bare-src := selftests/bench/bare.c selftests/bench/measure.c selftests/bench/session.c
bare-pkg := gnutls

# bench-client: the same through the module, and through the helper.
bench-client-src := selftests/bench/client.c selftests/bench/measure.c
bench-client-pkg := gnutls

# bench-start: how long a program takes to start.
bench-start-src := selftests/bench/start.c selftests/bench/measure.c
bench-start-pkg := gnutls

# bench-info: amt-helper info against its bare round trips.
bench-info-src := selftests/bench/info.c user/lib/mei.c $(wildcard user/pthi/*.c)
