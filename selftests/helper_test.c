// SPDX-License-Identifier: GPL-2.0-only
/* The subcommands of amt-helper that need no daemon. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "kselftest_harness.h"
#include "testlib.h"

/* Exit codes of amt-helper(8). */
#define EXIT_USAGE 2
#define EXIT_PERMISSION 4
#define EXIT_NO_MODULE 11
#define EXIT_PEER 13

#define REQUEST "GET /down/100000 HTTP/1.1\\r\\nHost: amt\\r\\n\\r\\n"
#define AS_NOBODY "su", "nobody", "-c"

FIXTURE(helper) {
	struct machine machine;
	struct process helper;
	struct result r;
	struct result hash;
};

FIXTURE_SETUP(helper)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
}

FIXTURE_TEARDOWN(helper)
{
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* ---- connect ---- */

/* The body of an HTTP answer: what comes behind the first empty line. */
#define BODY_HASH "sed '1,/^\r$/d' /tmp/answer | head -c 100000 | sha256sum"

TEST_F(helper, connect_sends_a_request_and_gets_all_of_the_answer)
{
	struct result *r = &self->r;

	/* AMT keeps the connection open: it is the end of stdin that closes. */
	ASSERT_EQ(0, run(r, "sh", "-c", "printf '" REQUEST "' | "
			 "amt-helper connect 16992 > /tmp/answer"));
	ASSERT_EQ(0, run(r, "sh", "-c", BODY_HASH));
	ASSERT_EQ(0, run(&self->hash, "sh", "-c",
			 "printf 'GET /down/100000/sha256 HTTP/1.1\\r\\n"
			 "Host: amt\\r\\n\\r\\n' | amt-helper connect -6 16992"));
	r->text[64] = '\0';
	EXPECT_NE(NULL, strstr(self->hash.text, r->text))
		TH_LOG("here: %s, AMT: %s", r->text, self->hash.text);
	EXPECT_EQ(2, sim_stat("channels_opened"));
	EXPECT_EQ(0, sim_stat("channels_open"));
}

TEST_F(helper, connect_takes_files_for_stdin_and_stdout)
{
	ASSERT_EQ(0, run(&self->r, "sh", "-c", "printf '" REQUEST
			 "' > /tmp/request; amt-helper connect 16992 "
			 "< /tmp/request > /tmp/answer"));
	ASSERT_EQ(0, run(&self->r, "sh", "-c", BODY_HASH));
	ASSERT_EQ(0, run(&self->hash, "sh", "-c", "printf '" REQUEST
			 "' | amt-helper connect 16992 "
			 "--originator 192.0.2.1:4000 > /tmp/answer;" BODY_HASH));
	EXPECT_STREQ(self->hash.text, self->r.text);
}

/* Its stdin stays open; what reads its stdout says when the answer begins. */
#define LOSE_LINK "mkfifo /tmp/in; exec 4<>/tmp/in; printf '" REQUEST "' >&4; " \
	"{ amt-helper connect 16992 <&4; echo exit $? >&2; } | " \
	"{ head -c 1 >/dev/null; echo got >&2; cat >/dev/null; }"

TEST_F(helper, connect_ends_with_13_when_the_link_is_lost)
{
	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   (const char *const[]){ "sh", "-c",
				   LOSE_LINK, NULL }));
	ASSERT_EQ(0, process_expect(&self->helper, "got"));
	ASSERT_EQ(0, sim_command("reset"));
	EXPECT_EQ(0, process_expect(&self->helper,
				    "port 16992: the link to AMT was lost"));
	EXPECT_EQ(0, process_expect(&self->helper, "exit 13"));
	EXPECT_EQ(0, process_wait(&self->helper));
	process_close(&self->helper);
	unlink("/tmp/in");
}

TEST_F(helper, connect_to_a_port_that_amt_does_not_forward_is_13)
{
	EXPECT_EQ(EXIT_PEER, run(&self->r, "amt-helper", "connect", "16995"));
	EXPECT_EQ(0, sim_stat("channels_opened"));
}

TEST_F(helper, connect_without_permission_is_4)
{
	EXPECT_EQ(EXIT_PERMISSION, run(&self->r, AS_NOBODY,
				       "amt-helper connect 16992"));
}

TEST_F(helper, connect_refuses_what_is_no_port_or_address)
{
	static const char *const wrong[][3] = {
		{ NULL }, { "0" }, { "65536" }, { "-1" }, { "1 " },
		{ "16992", "623" }, { "16992", "--originator=localhost:1" },
		{ "16992", "--originator=127.0.0.1" },
		{ "16992", "--originator=127.0.0.1:0" },
		{ "16992", "--originator=::1:5" },
		{ "-6", "16992", "--originator=127.0.0.1:5" },
	};

	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		EXPECT_EQ(EXIT_USAGE,
			  run(&self->r, "amt-helper", "connect", wrong[i][0],
			      wrong[i][1], wrong[i][2]))
			TH_LOG("arguments %zu", i);
}

TEST_HARNESS_MAIN
