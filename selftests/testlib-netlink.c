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
	};
}

static void take_forward(struct genl_answer *answer, struct nlattr **attrs)
{
	struct forward_state *fwd = &answer->forward[answer->forwards++];

	*fwd = (struct forward_state){
		.port = number(attrs, AMT_LME_A_FORWARD_PORT),
		.state = number(attrs, AMT_LME_A_FORWARD_STATE),
		.generation = number(attrs, AMT_LME_A_FORWARD_GENERATION),
	};
	if (attrs[AMT_LME_A_FORWARD_ADDRESS])
		snprintf(fwd->address, sizeof(fwd->address), "%s",
			 nla_get_string(attrs[AMT_LME_A_FORWARD_ADDRESS]));
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[AMT_LME_A_LINK_MAX + 1];
	struct genlmsghdr *hdr = genlmsg_hdr(nlmsg_hdr(msg));
	struct genl_answer *answer = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, AMT_LME_A_LINK_MAX, NULL))
		return NL_SKIP;
	if (hdr->cmd == AMT_LME_CMD_LINK_GET || hdr->cmd == AMT_LME_CMD_LINK_NTF)
		take_link(answer, attrs);
	else if (answer->forwards < AMT_LME_MAX_FORWARDS)
		take_forward(answer, attrs);
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
	memset(answer, 0, sizeof(*answer));
	nl_socket_modify_cb(g->sock, NL_CB_VALID, NL_CB_CUSTOM, on_valid,
			    answer);
	nl_socket_modify_cb(g->sock, NL_CB_FINISH, NL_CB_CUSTOM, on_finish,
			    answer);
	nl_socket_modify_err_cb(g->sock, NL_CB_CUSTOM, on_error, answer);
	/* An error message from the kernel is an answer too. */
	return nl_recvmsgs_default(g->sock) < 0 && !answer->error ? -EIO : 0;
}

static int subscribe(struct genl *g, const char *group)
{
	int id = genl_ctrl_resolve_grp(g->sock, AMT_LME_FAMILY_NAME, group);

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
	return subscribe(g, AMT_LME_MCGRP_LINK) ?:
	       subscribe(g, AMT_LME_MCGRP_FORWARD);
}

void genl_close(struct genl *g)
{
	nl_socket_free(g->sock);
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
	struct genl_answer answer;
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

/* An event only wakes: what it says may be older than the last answer. */
int link_wait(struct genl *events, uint32_t state, struct link_state *link)
{
	struct genl_answer answer;
	int err = link_get(link);

	while (!err && link->state != state) {
		err = genl_event(events, &answer, WAIT_MS);
		if (!err)
			err = link_get(link);
	}
	if (err)
		say("link state %u did not come: error %d, state %u", state,
		    err, link->state);
	return err;
}
