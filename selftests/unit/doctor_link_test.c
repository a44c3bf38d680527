// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper doctor, from the link to the ports, and all layers together. */
#include "doctor_machine.h"

#define SOCKETS "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define SOCKET(address, port, state, inode) "   0: " address ":" port \
	" 00000000:0000 " state " 00000000:00000000 00:00000000 00000000" \
	"     0        0 " inode " 1 00000000ff91263a 100 0 0 10 0\n"


/* ---- Link and forwards ---- */

static void forward(struct doctor *doctor, unsigned int port)
{
	doctor->kernel.forwards[doctor->kernel.forward_count++] =
		(struct forward_info){ .port = port };
}

TEST_F(doctor, the_link_is_judged_by_its_state)
{
	struct link_info *link = &self->doctor.kernel.link;

	look(&self->doctor, self->root);
	EXPECT_FINDING(link, VERDICT_UNKNOWN, "not loaded");
	self->doctor.kernel_error = 0;
	EXPECT_FINDING(link, VERDICT_FAIL, "absent");
	link->state = AMT_LME_LINK_STATE_IDLE;
	link->error = EIO;
	EXPECT_FINDING(link, VERDICT_WARN, "idle");
	link->state = AMT_LME_LINK_STATE_CONNECTING;
	EXPECT_FINDING(link, VERDICT_FAIL, "connecting: Input/output error");
	link->error = 0;
	EXPECT_FINDING(link, VERDICT_WARN, "connecting");
	link->state = AMT_LME_LINK_STATE_UP;
	link->generation = 7;
	EXPECT_FINDING(link, VERDICT_OK, "up, session 7");
}

TEST_F(doctor, an_amt_that_settled_without_a_port_fails)
{
	look(&self->doctor, self->root);
	EXPECT_FINDING(forwards, VERDICT_UNKNOWN, "not loaded");
	self->doctor.kernel_error = 0;
	self->doctor.kernel.link.state = AMT_LME_LINK_STATE_IDLE;
	EXPECT_FINDING(forwards, VERDICT_UNKNOWN, "not up yet");
	self->doctor.kernel.link.state = AMT_LME_LINK_STATE_UP;
	EXPECT_FINDING(forwards, VERDICT_WARN, "not named");
	self->doctor.kernel.link.settled = true;
	EXPECT_FINDING(forwards, VERDICT_FAIL, "forwards no port");
	forward(&self->doctor, 16992);
	forward(&self->doctor, 623);
	EXPECT_FINDING(forwards, VERDICT_OK, "16992 active, 623 active");
}

TEST_F(doctor, tls_only_is_told_from_both)
{
	look(&self->doctor, self->root);
	self->doctor.kernel_error = 0;
	EXPECT_FINDING(tls, VERDICT_UNKNOWN, "neither");
	forward(&self->doctor, 16993);
	EXPECT_FINDING(tls, VERDICT_WARN, "TLS only");
	forward(&self->doctor, 16992);
	EXPECT_FINDING(tls, VERDICT_OK, "http on port 16992, https");
}

TEST_F(doctor, a_yielded_link_is_nobodys_fault)
{
	put_controller(self->root, "mei0", "mei\n");
	look(&self->doctor, self->root);
	self->doctor.kernel_error = 0;
	self->doctor.kernel.link.state = AMT_LME_LINK_STATE_YIELDED;
	self->doctor.kernel.link.error = EBUSY;
	EXPECT_FINDING(link, VERDICT_WARN, "yielded");
	EXPECT_FINDING(holder, VERDICT_WARN, "left to another program");
}

/* ---- AMT ---- */

static void answer(struct doctor *doctor, enum exit_code code,
		   const char *message)
{
	doctor->amt.asked = true;
	doctor->amt.failure.code = code;
	strcpy(doctor->amt.failure.message, message);
}

TEST_F(doctor, what_to_do_follows_from_what_was_seen)
{
	static const struct {
		enum exit_code code;
		const char *evidence;
		const char *advice;
	} rows[] = {
		{ EXIT_AMT_STATUS, "what was seen", "enable AMT" },
		{ EXIT_NO_CLIENT, "what was seen", "enable AMT" },
		{ EXIT_TIMEOUT, "no reply within 15 s", "firmware does not answer" },
		{ EXIT_NO_MEI, "what was seen", "firmware does not answer" },
		{ EXIT_PERMISSION, "what was seen", "root" },
		{ EXIT_PROTOCOL, "what was seen", "no reply of AMT" },
		{ EXIT_INTERNAL, "what was seen", "dmesg" },
	};

	EXPECT_LAYER(manageability, VERDICT_UNKNOWN, "no MEI device");
	put_controller(self->root, "mei0", "mei\n");
	EXPECT_LAYER(manageability, VERDICT_UNKNOWN, "/dev/mei0 may not be");
	EXPECT_FINDING(provisioning, VERDICT_UNKNOWN, "/dev/mei0 may not be");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		answer(&self->doctor, rows[i].code, "what was seen");
		EXPECT_FINDING(manageability, VERDICT_FAIL, rows[i].evidence);
		EXPECT_NE(NULL, strstr(self->finding.advice, rows[i].advice))
			TH_LOG("%s: %s", exit_name(rows[i].code),
			       self->finding.advice);
		EXPECT_FINDING(provisioning, VERDICT_UNKNOWN, "did not say");
	}
	answer(&self->doctor, EXIT_OK, "");
	EXPECT_FINDING(manageability, VERDICT_OK, "AMT answers");
}

TEST_F(doctor, a_busy_amthi_is_of_who_has_the_device_open)
{
	put_controller(self->root, "mei0", "mei\n");
	look(&self->doctor, self->root);
	answer(&self->doctor, EXIT_BUSY, "another program");
	EXPECT_FINDING(manageability, VERDICT_UNKNOWN,
		       "AMTHI is taken, and no process has");
	put(self->root, "proc/7/comm", "hidden\n");
	look(&self->doctor, self->root);
	answer(&self->doctor, EXIT_BUSY, "another program");
	EXPECT_FINDING(manageability, VERDICT_UNKNOWN, "cannot be seen");
	put_process(self->root, 900, "rpc\n", "/dev/mei0");
	put_process(self->root, 901, "other\n", "/dev/mei1");
	look(&self->doctor, self->root);
	answer(&self->doctor, EXIT_BUSY, "another program");
	EXPECT_FINDING(manageability, VERDICT_UNKNOWN, "open in rpc[900]");
	ASSERT_NE(NULL, self->finding.holders);
	EXPECT_EQ(1, self->finding.holders->count);
	EXPECT_EQ(900, self->finding.holders->task[0].pid);
	EXPECT_FINDING(provisioning, VERDICT_UNKNOWN, "did not say");
}

TEST_F(doctor, a_daemon_and_its_child_have_no_amthi)
{
	put_controller(self->root, "mei0", "mei\n");
	put_process(self->root, 412, "amt-helper\n", "/dev/mei0");
	put_parent(self->root, 412, "amt-helper", 1);
	put_process(self->root, 413, "amt-helper\n", "/dev/mei0");
	put_parent(self->root, 413, "(amt) S 1 helper)", 412);
	put_process(self->root, 414, "amt-helper\n", "/dev/mei0");
	put_parent(self->root, 414, "amt-helper", 1);
	look(&self->doctor, self->root);
	EXPECT_EQ(3, self->doctor.processes.mei.count);
	self->doctor.processes = (struct process_facts){ .daemon = 412 };
	look_at_processes(&self->doctor, self->root);
	answer(&self->doctor, EXIT_BUSY, "another program");
	EXPECT_FINDING(manageability, VERDICT_UNKNOWN,
		       "open in amt-helper[414]");
	EXPECT_EQ(1, self->doctor.processes.mei.count);
}

TEST_F(doctor, an_answer_tells_of_amthi_without_a_list)
{
	put_controller(self->root, "mei0", "mei\n");
	look(&self->doctor, self->root);
	EXPECT_FINDING(amthi, VERDICT_UNKNOWN, "does not show AMTHI");
	answer(&self->doctor, EXIT_BUSY, "");
	EXPECT_FINDING(amthi, VERDICT_UNKNOWN, "does not show AMTHI");
	answer(&self->doctor, EXIT_NO_CLIENT, "");
	EXPECT_FINDING(amthi, VERDICT_FAIL, "no client AMTHI");
	answer(&self->doctor, EXIT_OK, "");
	EXPECT_FINDING(amthi, VERDICT_OK, "AMTHI answers");
}

TEST_F(doctor, provisioning_that_has_begun_and_not_ended_fails)
{
	struct amt_facts *amt = &self->doctor.amt;

	look(&self->doctor, self->root);
	answer(&self->doctor, EXIT_OK, "");
	EXPECT_FINDING(provisioning, VERDICT_WARN, "not set up");
	amt->state = 1;
	EXPECT_FINDING(provisioning, VERDICT_FAIL, "half set up");
	amt->state = 2;
	EXPECT_FINDING(provisioning, VERDICT_OK, "set up, control mode unknown");
	amt->has_mode = true;
	amt->mode = 1;
	EXPECT_FINDING(provisioning, VERDICT_OK, "client control mode");
	amt->mode = 2;
	EXPECT_FINDING(provisioning, VERDICT_OK, "admin control mode");
	amt->mode = 3;
	EXPECT_FINDING(provisioning, VERDICT_OK, "control mode unknown");
	amt->state = 9;
	EXPECT_FINDING(provisioning, VERDICT_WARN, "unknown state (9)");
}

/* ---- Ports ---- */

TEST_F(doctor, a_port_is_taken_by_who_listens_where_we_would)
{
	put(self->root, "proc/net/tcp", SOCKETS
	    SOCKET("0100007F", "4260", "0A", "101"));
	EXPECT_LAYER(ports, VERDICT_UNKNOWN, "16992: somebody");
	put_process(self->root, 80, "nginx\n", "socket:[101]");
	EXPECT_LAYER(ports, VERDICT_FAIL, "taken: 16992: nginx[80]");
	put_process(self->root, 80, "amt-helper\n", "socket:[101]");
	EXPECT_LAYER(ports, VERDICT_OK, "16992: amt-helper[80]");
}

TEST_F(doctor, a_socket_is_of_who_has_its_inode_and_named_once)
{
	put(self->root, "proc/net/tcp", SOCKETS
	    SOCKET("0100007F", "4260", "0A", "101")
	    SOCKET("0100007F", "026F", "0A", "102"));
	put(self->root, "proc/net/tcp6", SOCKETS
	    SOCKET("00000000000000000000000001000000", "4260", "0A", "103"));
	put_process(self->root, 80, "nginx\n", "socket:[101]");
	put_link(self->root, "proc/80/fd/4", "socket:[103]");
	put_process(self->root, 81, "ipmid\n", "socket:[102]");
	EXPECT_LAYER(ports, VERDICT_FAIL, "");
	EXPECT_STREQ("taken: 16992: nginx[80], 623: ipmid[81]",
		     self->finding.evidence);
}

TEST_F(doctor, sockets_elsewhere_are_not_in_the_way)
{
	/* Another address, another port, a connection; 0.0.0.0 and [::] are. */
	put(self->root, "proc/net/tcp", SOCKETS
	    SOCKET("0200007F", "4260", "0A", "101")
	    SOCKET("0100007F", "4264", "0A", "102")
	    SOCKET("0100007F", "4260", "01", "103"));
	put(self->root, "proc/net/tcp6", SOCKETS
	    SOCKET("B80D0120000000000000000001000000", "4260", "0A", "104"));
	EXPECT_LAYER(ports, VERDICT_OK, "nobody listens");
	put(self->root, "proc/net/tcp", SOCKETS
	    SOCKET("00000000", "026F", "0A", "105"));
	put(self->root, "proc/net/tcp6", SOCKETS
	    SOCKET("00000000000000000000000000000000", "4261", "0A", "106")
	    SOCKET("00000000000000000000000001000000", "0298", "0A", "106"));
	EXPECT_LAYER(ports, VERDICT_UNKNOWN,
		     "623: somebody, 16993: somebody, 664: somebody");
	/* 127.0.0.1 of a socket for IPv6. */
	put(self->root, "proc/net/tcp", SOCKETS);
	put(self->root, "proc/net/tcp6", SOCKETS
	    SOCKET("0000000000000000FFFF00000100007F", "4261", "0A", "107"));
	EXPECT_LAYER(ports, VERDICT_UNKNOWN, "16993: somebody");
}

TEST_F(doctor, a_port_that_amt_does_not_forward_may_be_taken)
{
	put(self->root, "proc/net/tcp", SOCKETS
	    SOCKET("0100007F", "026F", "0A", "101"));
	put_process(self->root, 80, "ipmid\n", "socket:[101]");
	look(&self->doctor, self->root);
	self->doctor.kernel_error = 0;
	EXPECT_FINDING(ports, VERDICT_FAIL, "623: ipmid[80]");
	forward(&self->doctor, 16992);
	EXPECT_FINDING(ports, VERDICT_OK, "623: ipmid[80]");
	forward(&self->doctor, 623);
	EXPECT_FINDING(ports, VERDICT_FAIL, "623: ipmid[80]");
}

/* ---- The table ---- */

TEST_F(doctor, every_layer_has_a_finding_and_a_code_of_its_own)
{
	struct finding findings[LAYERS_MAX];
	unsigned int seen = 0;
	int count;

	look(&self->doctor, self->root);
	doctor_judge(&self->doctor, findings);
	for (count = 0; doctor_layers[count].name; count++) {
		int code = doctor_layers[count].code;

		EXPECT_NE('\0', findings[count].evidence[0])
			TH_LOG("%s", doctor_layers[count].name);
		if (code == EXIT_OK)
			continue;
		EXPECT_LE(20, code);
		EXPECT_GE(39, code);
		EXPECT_EQ(0, seen & 1U << (code - 20))
			TH_LOG("%s", doctor_layers[count].name);
		seen |= 1U << (code - 20);
		EXPECT_EQ(0, strncmp("doctor-", exit_name(code), 7));
		EXPECT_STREQ(doctor_layers[count].name, exit_name(code) + 7);
	}
	EXPECT_LT(10, count);
}

TEST_HARNESS_MAIN
