// SPDX-License-Identifier: GPL-2.0-only
/* The netlink family as the tests see it. See testlib.h. */
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "testlib.h"

static uint32_t number(struct nlattr *const *attrs, int type)
{
	return attrs[type] ? nla_get_u32(attrs[type]) : 0;
}

static uint64_t number64(struct nlattr *const *attrs, int type)
{
	return attrs[type] ? nla_get_u64(attrs[type]) : 0;
}

static void text(char *to, size_t size, struct nlattr *attr)
{
	snprintf(to, size, "%s", attr ? nla_get_string(attr) : "");
}

static void take_counters(uint64_t *counters, struct nlattr *nest)
{
	struct nlattr *attrs[AMT_LME_A_COUNTERS_MAX + 1];
	int i;

	if (!nest || nla_parse_nested(attrs, AMT_LME_A_COUNTERS_MAX, nest, NULL))
		return;
	for (i = 1; i < AMT_LME_A_COUNTERS_PAD; i++)
		counters[i] = number64(attrs, i);
}

static void take_link(struct genl_answer *answer, struct nlattr **attrs)
{
	answer->links++;
	answer->link = (struct link_state){
		.state = number(attrs, AMT_LME_A_LINK_STATE),
		.generation = number(attrs, AMT_LME_A_LINK_GENERATION),
		.transport = number(attrs, AMT_LME_A_LINK_TRANSPORT),
		.error = number(attrs, AMT_LME_A_LINK_ERROR),
		.message_size = number(attrs, AMT_LME_A_LINK_MESSAGE_SIZE),
		.users = number(attrs, AMT_LME_A_LINK_USERS),
		.channels = number(attrs, AMT_LME_A_LINK_CHANNELS),
		.settled = attrs[AMT_LME_A_LINK_SETTLED],
		.since = number64(attrs, AMT_LME_A_LINK_SINCE),
	};
	take_counters(answer->link.counters, attrs[AMT_LME_A_LINK_COUNTERS]);
}

static void take_forward(struct genl_answer *answer, struct nlattr **attrs)
{
	struct forward_state *fwd = &answer->forward[answer->forwards++];

	*fwd = (struct forward_state){
		.port = number(attrs, AMT_LME_A_FORWARD_PORT),
		.state = number(attrs, AMT_LME_A_FORWARD_STATE),
		.generation = number(attrs, AMT_LME_A_FORWARD_GENERATION),
		.channels = number(attrs, AMT_LME_A_FORWARD_CHANNELS),
	};
	text(fwd->address, sizeof(fwd->address),
	     attrs[AMT_LME_A_FORWARD_ADDRESS]);
}

static void take_channel(struct genl_answer *answer, struct nlattr **attrs)
{
	struct channel_state *ch = &answer->channel[answer->channels++];

	*ch = (struct channel_state){
		.id = number(attrs, AMT_LME_A_CHANNEL_ID),
		.amt_id = attrs[AMT_LME_A_CHANNEL_AMT_ID] ?
			  number(attrs, AMT_LME_A_CHANNEL_AMT_ID) : NO_AMT_ID,
		.type = number(attrs, AMT_LME_A_CHANNEL_TYPE),
		.direction = number(attrs, AMT_LME_A_CHANNEL_DIRECTION),
		.state = number(attrs, AMT_LME_A_CHANNEL_STATE),
		.port = number(attrs, AMT_LME_A_CHANNEL_PORT),
		.orig_port = number(attrs, AMT_LME_A_CHANNEL_ORIG_PORT),
		.rx_window = number(attrs, AMT_LME_A_CHANNEL_RX_WINDOW),
		.tx_window = number(attrs, AMT_LME_A_CHANNEL_TX_WINDOW),
		.error = number(attrs, AMT_LME_A_CHANNEL_ERROR),
		.generation = number(attrs, AMT_LME_A_CHANNEL_GENERATION),
		.pid = number(attrs, AMT_LME_A_CHANNEL_PID),
		.rx_bytes = number64(attrs, AMT_LME_A_CHANNEL_RX_BYTES),
		.tx_bytes = number64(attrs, AMT_LME_A_CHANNEL_TX_BYTES),
	};
	text(ch->address, sizeof(ch->address), attrs[AMT_LME_A_CHANNEL_ADDRESS]);
	text(ch->orig_address, sizeof(ch->orig_address),
	     attrs[AMT_LME_A_CHANNEL_ORIG_ADDRESS]);
	text(ch->comm, sizeof(ch->comm), attrs[AMT_LME_A_CHANNEL_COMM]);
}

/* The link has fewer attributes than a channel, a forward fewer than both. */
#define ATTRS_MAX AMT_LME_A_CHANNEL_MAX

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[ATTRS_MAX + 1];
	struct genlmsghdr *hdr = genlmsg_hdr(nlmsg_hdr(msg));
	struct genl_answer *answer = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, ATTRS_MAX, NULL))
		return NL_SKIP;
	switch (hdr->cmd) {
	case AMT_LME_CMD_LINK_GET:
	case AMT_LME_CMD_LINK_NTF:
		take_link(answer, attrs);
		break;
	case AMT_LME_CMD_FORWARD_GET:
	case AMT_LME_CMD_FORWARD_NTF:
		if (answer->forwards < AMT_LME_MAX_FORWARDS)
			take_forward(answer, attrs);
		break;
	case AMT_LME_CMD_CHANNEL_GET:
	case AMT_LME_CMD_CHANNEL_NTF:
		if (answer->channels < CHANNELS_MAX)
			take_channel(answer, attrs);
		break;
	}
	return NL_OK;
}

/* @len bytes of attributes that came with an error. */
static void take_why(struct genl_answer *answer, void *at, int len)
{
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1] = { NULL };

	if (len > 0)
		nla_parse(attrs, NLMSGERR_ATTR_MAX, at, len, NULL);
	if (attrs[NLMSGERR_ATTR_MSG])
		snprintf(answer->why, sizeof(answer->why), "%s",
			 nla_get_string(attrs[NLMSGERR_ATTR_MSG]));
}

/* A dump that failed ends with its error. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct genl_answer *answer = arg;
	const int *error = nlmsg_data(nlh);

	if (nlmsg_datalen(nlh) >= (int)sizeof(*error))
		answer->error = -*error;
	take_why(answer, nlmsg_data(nlh) + sizeof(*error),
		 nlmsg_datalen(nlh) - (int)sizeof(*error));
	return NL_STOP;
}

/* With NETLINK_CAP_ACK the text follows the header of the request at once. */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)err - 1;
	struct genl_answer *answer = arg;

	(void)from;
	answer->error = -err->error;
	take_why(answer, err + 1, nlmsg_datalen(nlh) - (int)sizeof(*err));
	return NL_STOP;
}

static int receive(struct genl *g, struct genl_answer *answer)
{
	int err;

	memset(answer, 0, sizeof(*answer));
	nl_socket_modify_cb(g->sock, NL_CB_VALID, NL_CB_CUSTOM, on_valid,
			    answer);
	nl_socket_modify_cb(g->sock, NL_CB_FINISH, NL_CB_CUSTOM, on_finish,
			    answer);
	nl_socket_modify_err_cb(g->sock, NL_CB_CUSTOM, on_error, answer);
	err = nl_recvmsgs_default(g->sock);
	if (err == -NLE_DUMP_INTR)
		return -EINTR;
	/* An error message from the kernel is an answer too. */
	if (err >= 0 || answer->error)
		return 0;
	return err == -NLE_NOMEM ? -ENOBUFS : -EIO;
}

/* Asked on another socket: here an event could come in place of the answer. */
static int group_id(const char *group)
{
	struct nl_sock *sock = nl_socket_alloc();
	int id = -ENOMEM;

	if (sock && !genl_connect(sock))
		id = genl_ctrl_resolve_grp(sock, AMT_LME_FAMILY_NAME, group);
	nl_socket_free(sock);
	return id;
}

int genl_join(struct genl *g, const char *group)
{
	int id = group_id(group);

	if (id < 0 || nl_socket_add_membership(g->sock, id)) {
		say("no group %s", group);
		return -ENOENT;
	}
	return 0;
}

int genl_open(struct genl *g, bool events)
{
	int on = 1;

	g->sock = nl_socket_alloc();
	if (!g->sock)
		return -ENOMEM;
	nl_socket_disable_auto_ack(g->sock);
	nl_socket_disable_seq_check(g->sock);
	if (genl_connect(g->sock))
		return -EIO;
	setsockopt(nl_socket_get_fd(g->sock), SOL_NETLINK, NETLINK_EXT_ACK,
		   &on, sizeof(on));
	setsockopt(nl_socket_get_fd(g->sock), SOL_NETLINK, NETLINK_CAP_ACK,
		   &on, sizeof(on));
	g->family = genl_ctrl_resolve(g->sock, AMT_LME_FAMILY_NAME);
	if (g->family < 0) {
		say("no family " AMT_LME_FAMILY_NAME);
		return -ENOENT;
	}
	if (!events)
		return 0;
	return genl_join(g, AMT_LME_MCGRP_LINK) ?:
	       genl_join(g, AMT_LME_MCGRP_FORWARD);
}

void genl_close(struct genl *g)
{
	nl_socket_free(g->sock);
	g->sock = NULL;
}

struct nl_msg *genl_message(const struct genl *g, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, g->family, 0,
				NLM_F_REQUEST | flags, cmd,
				AMT_LME_FAMILY_VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int genl_ask(struct genl *g, struct nl_msg *msg, struct genl_answer *answer)
{
	int err;

	memset(answer, 0, sizeof(*answer));
	if (!msg)
		return -ENOMEM;
	err = nl_send_auto(g->sock, msg);
	nlmsg_free(msg);
	if (err < 0) {
		say("netlink: cannot send: %s", nl_geterror(err));
		return -EIO;
	}
	return receive(g, answer);
}

int genl_event(struct genl *g, struct genl_answer *answer, int ms)
{
	if (fd_wait(nl_socket_get_fd(g->sock), POLLIN, ms) == 0)
		return -ETIME;
	return receive(g, answer);
}

int link_get(struct link_state *link)
{
	struct genl_answer answer = { 0 };
	struct genl g;
	int err = genl_open(&g, false);

	if (err)
		return err;
	err = genl_ask(&g, genl_message(&g, AMT_LME_CMD_LINK_GET, 0), &answer);
	genl_close(&g);
	if (err || answer.error || answer.links != 1) {
		say("link-get: error %d (%s), %d answers", answer.error,
		    answer.why, answer.links);
		return -EIO;
	}
	*link = answer.link;
	return 0;
}

/* In the order of the attributes. */
static const char *const counter_names[AMT_LME_A_COUNTERS_PAD] = {
	[AMT_LME_A_COUNTERS_SESSIONS] = "sessions",
	[AMT_LME_A_COUNTERS_LINK_LOST] = "link_lost",
	[AMT_LME_A_COUNTERS_RX_MESSAGES] = "rx_messages",
	[AMT_LME_A_COUNTERS_TX_MESSAGES] = "tx_messages",
	[AMT_LME_A_COUNTERS_RX_SHORT] = "rx_short",
	[AMT_LME_A_COUNTERS_RX_TRAILING] = "rx_trailing",
	[AMT_LME_A_COUNTERS_RX_UNKNOWN_TYPE] = "rx_unknown_type",
	[AMT_LME_A_COUNTERS_RX_UNKNOWN_CHANNEL] = "rx_unknown_channel",
	[AMT_LME_A_COUNTERS_RX_UNEXPECTED] = "rx_unexpected",
	[AMT_LME_A_COUNTERS_RX_EMPTY_DATA] = "rx_empty_data",
	[AMT_LME_A_COUNTERS_RX_WINDOW_OVERRUN] = "rx_window_overrun",
	[AMT_LME_A_COUNTERS_RX_ADJUST_OVERFLOW] = "rx_adjust_overflow",
	[AMT_LME_A_COUNTERS_REPLY_OVERFLOW] = "reply_overflow",
	[AMT_LME_A_COUNTERS_FORWARD_REFUSED] = "forward_refused",
	[AMT_LME_A_COUNTERS_OPEN_REFUSED] = "open_refused",
	[AMT_LME_A_COUNTERS_OPENED] = "opened",
	[AMT_LME_A_COUNTERS_SLOT_LEAKED] = "slot_leaked",
	[AMT_LME_A_COUNTERS_LINGER_DROPPED] = "linger_dropped",
};

int64_t counter(const char *name)
{
	struct link_state link;
	int err = link_get(&link);
	int i;

	for (i = 1; !err && i < AMT_LME_A_COUNTERS_PAD; i++)
		if (!strcmp(counter_names[i], name))
			return link.counters[i];
	say("no counter %s", name);
	return err ? err : -ENOENT;
}

/* An event only wakes: what it says may be older than the last answer. */
static int wait_for(struct genl *events, uint32_t state, uint32_t generation,
		    struct link_state *link)
{
	struct genl_answer answer;
	int err = link_get(link);

	while (!err &&
	       (link->state != state || link->generation < generation)) {
		err = genl_event(events, &answer, WAIT_MS);
		if (!err)
			err = link_get(link);
	}
	if (err)
		say("link state %u did not come: error %d, state %u, generation %u",
		    state, err, link->state, link->generation);
	return err;
}

int link_wait(struct genl *events, uint32_t state, struct link_state *link)
{
	return wait_for(events, state, 0, link);
}

int link_wait_session(struct genl *events, uint32_t generation,
		      struct link_state *link)
{
	return wait_for(events, AMT_LME_LINK_STATE_UP, generation, link);
}

int channels_dump(struct genl *g, struct genl_answer *answer)
{
	int err;

	do {
		err = genl_ask(g, genl_message(g, AMT_LME_CMD_CHANNEL_GET,
					       NLM_F_DUMP), answer);
	} while (err == -EINTR);
	return err;
}
