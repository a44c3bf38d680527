/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of the benchmark measure, and in which form they say it.
 * Hashing and filling of buffers is done off the clock.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define MEASURE_MAX_BYTES (1024 * 1024 * 1024)
#define MEASURE_MAX_ROUNDS 100000
#define SHA256_HEX_SIZE 64

/**
 * struct measure - one measurement
 * @bytes: how many went through
 * @start_ns: the first byte of the request goes out
 * @first_ns: the first byte of the answer is there
 * @end_ns: the last byte of the answer is there
 * @switches: context switches of the whole machine between start and end
 * @fairness: Jain's index of the channels; 0 if there was only one
 */
struct measure {
	__u64 bytes;
	__u64 start_ns;
	__u64 first_ns;
	__u64 end_ns;
	__u64 switches;
	double fairness;
};

/** measure_now() - nanoseconds since some time in the past */
__u64 measure_now(void);

/** measure_start() - start the clock; set @bytes before or after */
void measure_start(struct measure *m);

/** measure_end() - stop it */
void measure_end(struct measure *m);

/**
 * measure_report() - print it as one line of JSON
 * @m: what was measured
 * @sha256_ok: whether the bytes are the right ones
 *
 * Return: @sha256_ok.
 */
bool measure_report(const struct measure *m, bool sha256_ok);

/**
 * measure_report_rounds() - print the median of first bytes as one line of JSON
 * @first_ns: how long each round took to its first byte; will be sorted
 * @rounds: how many, 1 or more
 */
void measure_report_rounds(__u64 *first_ns, size_t rounds);

/** measure_sort() - the least first, so that the median is in the middle */
void measure_sort(__u64 *values, size_t count);

/** body_alloc() - memory that is there already; dies without */
__u8 *body_alloc(__u64 bytes);

/** body_fill() - a sequence that does not repeat */
void body_fill(__u8 *body, __u64 bytes);

/** body_matches() - whether SHA-256 of @body is @expected, in hex */
bool body_matches(const void *body, __u64 bytes, const char *expected);

#endif /* BENCH_MEASURE_H */
