/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_TLS_H
#define AMT_SIM_TLS_H

/**
 * struct identity - what AMT shows to TLS clients; drawn at every start
 * @certificate: self-signed, for localhost and its addresses, as PEM
 * @key: its private key, as PEM
 */
struct identity {
	char *certificate;
	char *key;
};

/**
 * identity_init - draw a key and sign a certificate with it
 * @identity: to be filled, all zero; identity_free() also after a failure
 *
 * Return: 0 or a negative error of GnuTLS.
 */
int identity_init(struct identity *identity);

/**
 * identity_free - forget the key
 * @identity: an identity
 */
void identity_free(struct identity *identity);

#endif /* AMT_SIM_TLS_H */
