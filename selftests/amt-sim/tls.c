// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <linux/types.h>
#include <string.h>
#include <time.h>

#include "tls.h"

#define DAY 86400
#define NAME "CN=Intel(R) AMT,O=amt-sim"

static int set_names(gnutls_x509_crt_t crt)
{
	const struct in6_addr v6 = IN6ADDR_LOOPBACK_INIT;
	const __be32 v4 = htonl(INADDR_LOOPBACK);
	int r;

	r = gnutls_x509_crt_set_dn(crt, NAME, NULL);
	if (r >= 0)
		r = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
							 "localhost", 9,
							 GNUTLS_FSAN_SET);
	if (r >= 0)
		r = gnutls_x509_crt_set_subject_alt_name(crt,
							 GNUTLS_SAN_IPADDRESS,
							 &v4, sizeof(v4),
							 GNUTLS_FSAN_APPEND);
	if (r >= 0)
		r = gnutls_x509_crt_set_subject_alt_name(crt,
							 GNUTLS_SAN_IPADDRESS,
							 &v6, sizeof(v6),
							 GNUTLS_FSAN_APPEND);
	return r;
}

/* Its own issuer, so that who trusts it needs nothing else. */
static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
	const __u8 serial = 1;
	time_t now = time(NULL);
	int r = set_names(crt);

	if (r >= 0)
		r = gnutls_x509_crt_set_version(crt, 3);
	if (r >= 0)
		r = gnutls_x509_crt_set_serial(crt, &serial, sizeof(serial));
	if (r >= 0)
		r = gnutls_x509_crt_set_activation_time(crt, now - DAY);
	if (r >= 0)
		r = gnutls_x509_crt_set_expiration_time(crt, now + 365 * DAY);
	if (r >= 0)
		r = gnutls_x509_crt_set_ca_status(crt, 1);
	if (r >= 0)
		r = gnutls_x509_crt_set_key(crt, key);
	if (r >= 0)
		r = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	return r;
}

/* A text of gnutls is not terminated. */
static int take_pem(char **text, gnutls_datum_t *pem)
{
	*text = gnutls_malloc(pem->size + 1);
	if (*text) {
		memcpy(*text, pem->data, pem->size);
		(*text)[pem->size] = '\0';
	}
	explicit_bzero(pem->data, pem->size);
	gnutls_free(pem->data);
	return *text ? 0 : GNUTLS_E_MEMORY_ERROR;
}

static int make(struct identity *identity, gnutls_x509_privkey_t key,
		gnutls_x509_crt_t crt)
{
	gnutls_datum_t pem;
	int r = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
				GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
				0);

	if (r >= 0)
		r = fill(crt, key);
	if (r >= 0)
		r = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
	if (r >= 0)
		r = take_pem(&identity->certificate, &pem);
	if (r >= 0)
		r = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);
	if (r >= 0)
		r = take_pem(&identity->key, &pem);
	return r;
}

int identity_init(struct identity *identity)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	int r = gnutls_x509_privkey_init(&key);

	if (r < 0)
		return r;
	r = gnutls_x509_crt_init(&crt);
	if (r >= 0) {
		r = make(identity, key, crt);
		gnutls_x509_crt_deinit(crt);
	}
	gnutls_x509_privkey_deinit(key);
	return r;
}

void identity_free(struct identity *identity)
{
	gnutls_free(identity->certificate);
	if (identity->key)
		explicit_bzero(identity->key, strlen(identity->key));
	gnutls_free(identity->key);
}
