// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "measure.h"

#define SHA256_SIZE (SHA256_HEX_SIZE / 2)

__u64 measure_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Those of all processes and kernel threads, as the work is done by several. */
static __u64 switches_now(void)
{
	unsigned long long n = 0;
	char *line = NULL;
	size_t size = 0;
	FILE *stat = fopen("/proc/stat", "re");

	while (stat && getline(&line, &size, stat) > 0)
		if (sscanf(line, "ctxt %llu", &n) == 1)
			break;
	if (!n)
		errx(1, "/proc/stat: no context switches");
	fclose(stat);
	free(line);
	return n;
}

void measure_start(struct measure *m)
{
	m->switches = switches_now();
	m->start_ns = measure_now();
}

void measure_end(struct measure *m)
{
	m->end_ns = measure_now();
	m->switches = switches_now() - m->switches;
}

bool measure_report(const struct measure *m, bool sha256_ok)
{
	printf("{\"bytes\":%llu,\"seconds\":%.6f,\"first_byte_us\":%llu,\"switches\":%llu,",
	       m->bytes, (double)(m->end_ns - m->start_ns) / 1e9,
	       (m->first_ns - m->start_ns) / 1000, m->switches);
	if (m->fairness > 0)
		printf("\"fairness\":%.4f,", m->fairness);
	printf("\"sha256_ok\":%s}\n", sha256_ok ? "true" : "false");
	return sha256_ok;
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

void measure_sort(__u64 *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
}

void measure_report_rounds(__u64 *first_ns, size_t rounds)
{
	size_t middle = rounds / 2;

	measure_sort(first_ns, rounds);
	printf("{\"rounds\":%zu,\"first_byte_us\":%.1f}\n", rounds,
	       (double)first_ns[middle] / 1e3);
}

__u8 *body_alloc(__u64 bytes)
{
	void *body = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (body == MAP_FAILED)
		err(1, "%llu bytes", bytes);
	return body;
}

void body_fill(__u8 *body, __u64 bytes)
{
	__u64 word = 0;
	size_t n;

	for (__u64 i = 0; i < bytes; i += n) {
		word = word * 6364136223846793005ull + 1442695040888963407ull;
		n = bytes - i < sizeof(word) ? bytes - i : sizeof(word);
		memcpy(body + i, &word, n);
	}
}

bool body_matches(const void *body, __u64 bytes, const char *expected)
{
	__u8 digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE + 1];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, body, bytes, digest) < 0)
		errx(1, "no SHA-256");
	for (size_t i = 0; i < sizeof(digest); i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	return !memcmp(hex, expected, SHA256_HEX_SIZE);
}
