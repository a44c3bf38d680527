# SPDX-License-Identifier: GPL-2.0-only
# bare: speaks APF itself on /dev/meiN. SHA-256 from gnutls, which amt-sim needs too.

bare-src := selftests/bench/bare.c selftests/bench/session.c
bare-pkg := gnutls

# bench-node: the same through the module.
bench-node-src := selftests/bench/node.c
bench-node-pkg := gnutls
