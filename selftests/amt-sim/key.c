// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <linux/types.h>
#include <string.h>

#include "fault.h"
#include "heci.h"
#include "key.h"
#include "lme.h"
#include "sim.h"

static int on_leave(sd_event_source *source, void *data)
{
	struct sim *sim = data;
	struct profile *profile = &sim->opt.profile;
	int r;

	(void)source;
	if (profile->key_ports[0])
		memcpy(profile->ports, profile->key_ports,
		       sizeof(profile->ports));
	sim->key.silence_ms = profile->key_silence_ms;
	r = fault_leave(sim, profile->key_away_ms);
	if (r < 0)
		sim_fail(sim, "key: no timer: %s", strerror(-r));
	return 0;
}

int key_init(struct sim *sim)
{
	int r = sd_event_add_defer(sim->event, &sim->key.leave, on_leave, sim);

	if (r >= 0)
		r = sd_event_source_set_enabled(sim->key.leave, SD_EVENT_OFF);
	return r;
}

void key_free(struct sim *sim)
{
	sd_event_source_disable_unref(sim->key.leave);
	gnutls_free(sim->key.base64);
}

/* A SubjectPublicKeyInfo; that text of gnutls is terminated. */
static int export_public(gnutls_privkey_t key, char **base64)
{
	gnutls_datum_t der = { 0 }, text = { 0 };
	gnutls_pubkey_t public;
	int r = gnutls_pubkey_init(&public);

	if (r < 0)
		return r;
	r = gnutls_pubkey_import_privkey(public, key, 0, 0);
	if (r >= 0)
		r = gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der);
	if (r >= 0)
		r = gnutls_base64_encode2(&der, &text);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(public);
	*base64 = (char *)text.data;
	return r;
}

/* Nothing here signs with the private half, so it is not kept. */
static int make(unsigned int bits, char **base64)
{
	gnutls_privkey_t key;
	int r = gnutls_privkey_init(&key);

	if (r < 0)
		return r;
	r = gnutls_privkey_generate(key, GNUTLS_PK_RSA, bits, 0);
	if (r >= 0)
		r = export_public(key, base64);
	gnutls_privkey_deinit(key);
	return r;
}

enum key_status key_make(struct sim *sim, unsigned int bits)
{
	int r;

	if (sim->key.base64)
		return KEY_MAX_LIMIT_REACHED;
	r = make(bits, &sim->key.base64);
	if (r < 0)
		sim_log(sim, "key of %u bits: %s", bits, gnutls_strerror(r));
	return r < 0 ? KEY_INTERNAL_ERROR : KEY_OK;
}

void key_answered(struct sim *sim)
{
	if (!sim->opt.profile.key_away_ms)
		return;
	sim->key.answered = true;
	if (!sim->session) {
		key_read(sim);
		return;
	}
	lme_wake(sim->session);
	heci_pump(sim->heci);
}

/* Not now: who calls is part of what is dropped. */
void key_read(struct sim *sim)
{
	sim->key.answered = false;
	sd_event_source_set_enabled(sim->key.leave, SD_EVENT_ONESHOT);
}
