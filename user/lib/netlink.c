// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family of the LME driver. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "lib/netlink.h"

/* Tries of a dump that a change interrupted before it is an error. */
#define DUMP_TRIES 8

struct netlink {
	struct nl_sock *request;
	struct nl_sock *event;
	int family;
};

static struct nla_policy link_policy[AMT_LME_A_LINK_MAX + 1] = {
	[AMT_LME_A_LINK_STATE] = { .type = NLA_U32 },
	[AMT_LME_A_LINK_GENERATION] = { .type = NLA_U32 },
	[AMT_LME_A_LINK_TRANSPORT] = { .type = NLA_U32 },
	[AMT_LME_A_LINK_ERROR] = { .type = NLA_U32 },
	[AMT_LME_A_LINK_MESSAGE_SIZE] = { .type = NLA_U32 },
	[AMT_LME_A_LINK_USERS] = { .type = NLA_U32 },
	[AMT_LME_A_LINK_CHANNELS] = { .type = NLA_U32 },
	[AMT_LME_A_LINK_SETTLED] = { .type = NLA_FLAG },
	[AMT_LME_A_LINK_COUNTERS] = { .type = NLA_NESTED },
};

static struct nla_policy counters_policy[AMT_LME_A_COUNTERS_MAX + 1] = {
	[AMT_LME_A_COUNTERS_OPENED] = { .type = NLA_U64 },
};

static struct nla_policy forward_policy[AMT_LME_A_FORWARD_MAX + 1] = {
	[AMT_LME_A_FORWARD_PORT] = { .type = NLA_U32 },
	[AMT_LME_A_FORWARD_ADDRESS] = { .type = NLA_STRING },
	[AMT_LME_A_FORWARD_STATE] = { .type = NLA_U32 },
	[AMT_LME_A_FORWARD_GENERATION] = { .type = NLA_U32 },
};

static struct nla_policy channel_policy[AMT_LME_A_CHANNEL_MAX + 1] = {
	[AMT_LME_A_CHANNEL_PORT] = { .type = NLA_U32 },
	[AMT_LME_A_CHANNEL_STATE] = { .type = NLA_U32 },
	[AMT_LME_A_CHANNEL_PID] = { .type = NLA_U32 },
	[AMT_LME_A_CHANNEL_RX_WINDOW] = { .type = NLA_U32 },
	[AMT_LME_A_CHANNEL_TX_WINDOW] = { .type = NLA_U32 },
};

/* libnl folds errno into codes of its own; unfold those that matter here. */
static int nl_errno(int code)
{
	switch (-code) {
	case NLE_SUCCESS:
		return 0;
	case NLE_OBJ_NOTFOUND:
	case NLE_PROTO_MISMATCH: /* a dump, while the driver is unloaded */
		return -ENOENT;
	case NLE_NOMEM:
		return -ENOBUFS;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_DUMP_INTR:
		return -EINTR;
	case NLE_INVAL:
		return -EINVAL;
	case NLE_OPNOTSUPP:
	case NLE_AF_NOSUPPORT:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

static uint32_t get_u32(struct nlattr **attrs, int type)
{
	return attrs[type] ? nla_get_u32(attrs[type]) : 0;
}

static uint64_t get_counter(struct nlattr *counters, int type)
{
	struct nlattr *attrs[AMT_LME_A_COUNTERS_MAX + 1];

	if (!counters || nla_parse_nested(attrs, AMT_LME_A_COUNTERS_MAX,
					  counters, counters_policy) < 0)
		return 0;
	return attrs[type] ? nla_get_u64(attrs[type]) : 0;
}

static int parse_link(struct nlmsghdr *nlh, struct link_info *link)
{
	struct nlattr *attrs[AMT_LME_A_LINK_MAX + 1];
	int ret = genlmsg_parse(nlh, 0, attrs, AMT_LME_A_LINK_MAX,
				link_policy);

	if (ret < 0)
		return ret;
	*link = (struct link_info){
		.state = get_u32(attrs, AMT_LME_A_LINK_STATE),
		.generation = get_u32(attrs, AMT_LME_A_LINK_GENERATION),
		.transport = get_u32(attrs, AMT_LME_A_LINK_TRANSPORT),
		.error = get_u32(attrs, AMT_LME_A_LINK_ERROR),
		.message_size = get_u32(attrs, AMT_LME_A_LINK_MESSAGE_SIZE),
		.users = get_u32(attrs, AMT_LME_A_LINK_USERS),
		.channels = get_u32(attrs, AMT_LME_A_LINK_CHANNELS),
		.opened = get_counter(attrs[AMT_LME_A_LINK_COUNTERS],
				      AMT_LME_A_COUNTERS_OPENED),
		.settled = attrs[AMT_LME_A_LINK_SETTLED],
	};
	return 0;
}

static int parse_forward(struct nlmsghdr *nlh, struct forward_info *forward)
{
	struct nlattr *attrs[AMT_LME_A_FORWARD_MAX + 1];
	int ret = genlmsg_parse(nlh, 0, attrs, AMT_LME_A_FORWARD_MAX,
				forward_policy);

	if (ret < 0)
		return ret;
	if (!attrs[AMT_LME_A_FORWARD_PORT] || !attrs[AMT_LME_A_FORWARD_STATE])
		return -NLE_MISSING_ATTR;
	*forward = (struct forward_info){
		.port = get_u32(attrs, AMT_LME_A_FORWARD_PORT),
		.state = get_u32(attrs, AMT_LME_A_FORWARD_STATE),
		.generation = get_u32(attrs, AMT_LME_A_FORWARD_GENERATION),
	};
	if (attrs[AMT_LME_A_FORWARD_ADDRESS])
		nla_strlcpy(forward->address, attrs[AMT_LME_A_FORWARD_ADDRESS],
			    sizeof(forward->address));
	return 0;
}

static int parse_channel(struct nlmsghdr *nlh, struct channel_info *channel)
{
	struct nlattr *attrs[AMT_LME_A_CHANNEL_MAX + 1];
	int ret = genlmsg_parse(nlh, 0, attrs, AMT_LME_A_CHANNEL_MAX,
				channel_policy);

	if (ret < 0)
		return ret;
	*channel = (struct channel_info){
		.port = get_u32(attrs, AMT_LME_A_CHANNEL_PORT),
		.state = get_u32(attrs, AMT_LME_A_CHANNEL_STATE),
		.pid = get_u32(attrs, AMT_LME_A_CHANNEL_PID),
		.rx_window = get_u32(attrs, AMT_LME_A_CHANNEL_RX_WINDOW),
		.tx_window = get_u32(attrs, AMT_LME_A_CHANNEL_TX_WINDOW),
	};
	return 0;
}

static int open_socket(struct nl_sock **sock)
{
	struct nl_sock *sk = nl_socket_alloc();
	int ret;

	if (!sk)
		return -NLE_NOMEM;
	ret = genl_connect(sk); /* libnl opens with SOCK_CLOEXEC */
	if (ret < 0) {
		nl_socket_free(sk);
		return ret;
	}
	*sock = sk;
	return 0;
}

int netlink_open(struct netlink **out)
{
	struct netlink *nl = calloc(1, sizeof(*nl));
	int ret;

	if (!nl)
		return -ENOMEM;
	ret = open_socket(&nl->request);
	if (ret < 0)
		goto err_free;
	ret = genl_ctrl_resolve(nl->request, AMT_LME_FAMILY_NAME);
	if (ret < 0)
		goto err_free;
	nl->family = ret;
	/* The answer or an error is enough: one datagram for each request. */
	nl_socket_disable_auto_ack(nl->request);
	*out = nl;
	return 0;

err_free:
	netlink_close(nl);
	return nl_errno(ret);
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	nl_socket_free(nl->event);
	nl_socket_free(nl->request);
	free(nl);
}

static int join_group(struct netlink *nl, const char *family, const char *name)
{
	int group = genl_ctrl_resolve_grp(nl->request, family, name);

	if (group < 0)
		return group;
	return nl_socket_add_membership(nl->event, group);
}

int netlink_subscribe(struct netlink *nl)
{
	int ret = open_socket(&nl->event);

	if (ret < 0)
		return nl_errno(ret);
	nl_socket_disable_seq_check(nl->event);
	ret = nl_socket_set_nonblocking(nl->event);
	if (ret == 0)
		ret = join_group(nl, AMT_LME_FAMILY_NAME, AMT_LME_MCGRP_LINK);
	if (ret == 0)
		ret = join_group(nl, AMT_LME_FAMILY_NAME,
				 AMT_LME_MCGRP_FORWARD);
	if (ret == 0)
		ret = join_group(nl, "nlctrl", "notify");
	return nl_errno(ret);
}

int netlink_fd(const struct netlink *nl)
{
	return nl_socket_get_fd(nl->event);
}

int netlink_receive(struct netlink *nl)
{
	int ret;

	do {
		ret = nl_recvmsgs_default(nl->event);
	} while (ret == 0 || ret == -NLE_NOMEM); /* ENOBUFS: some were lost */
	return ret == -NLE_AGAIN ? 0 : nl_errno(ret);
}

static int request(struct netlink *nl, int command, int flags,
		   nl_recvmsg_msg_cb_t valid, void *arg)
{
	struct nl_msg *msg = nlmsg_alloc();
	int ret;

	if (!msg)
		return -NLE_NOMEM;
	nl_socket_modify_cb(nl->request, NL_CB_VALID, NL_CB_CUSTOM, valid,
			    arg);
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags,
			 command, AMT_LME_FAMILY_VERSION)) {
		nlmsg_free(msg);
		return -NLE_NOMEM;
	}
	ret = nl_send_auto(nl->request, msg);
	nlmsg_free(msg);
	return ret < 0 ? ret : nl_recvmsgs_default(nl->request);
}

static int on_link(struct nl_msg *msg, void *arg)
{
	int ret = parse_link(nlmsg_hdr(msg), arg);

	return ret < 0 ? ret : NL_OK;
}

struct dump {
	struct forward_info *forwards;
	int count;
};

static int on_forward(struct nl_msg *msg, void *arg)
{
	struct dump *dump = arg;
	int ret;

	if (dump->count == AMT_LME_MAX_FORWARDS)
		return -NLE_RANGE;
	ret = parse_forward(nlmsg_hdr(msg), &dump->forwards[dump->count]);
	if (ret < 0)
		return ret;
	dump->count++;
	return NL_OK;
}

static int dump_forwards(struct netlink *nl, struct netlink_state *state)
{
	struct dump dump = { .forwards = state->forwards };
	int tries = DUMP_TRIES;
	int ret;

	do {
		dump.count = 0;
		ret = request(nl, AMT_LME_CMD_FORWARD_GET, NLM_F_DUMP,
			      on_forward, &dump);
	} while (ret == -NLE_DUMP_INTR && --tries > 0);
	state->forward_count = dump.count;
	return ret;
}

static int get_link(struct netlink *nl, struct link_info *link)
{
	return request(nl, AMT_LME_CMD_LINK_GET, 0, on_link, link);
}

static bool same_session(const struct link_info *a, const struct link_info *b)
{
	return a->state == b->state && a->generation == b->generation &&
	       a->settled == b->settled;
}

/* Two questions for one moment: no port is active with a link that is not up. */
int netlink_get_state(struct netlink *nl, struct netlink_state *state)
{
	int tries = DUMP_TRIES;
	struct link_info before;
	int ret = get_link(nl, &before);

	while (ret >= 0) {
		ret = dump_forwards(nl, state);
		if (ret >= 0)
			ret = get_link(nl, &state->link);
		if (ret < 0 || same_session(&before, &state->link) ||
		    --tries == 0)
			break;
		before = state->link;
	}
	return ret < 0 ? nl_errno(ret) : 0;
}

struct channel_dump {
	struct channel_info *channels;
	int count;
	int size;
};

static int on_channel(struct nl_msg *msg, void *arg)
{
	struct channel_dump *dump = arg;
	int ret;

	if (dump->count == dump->size)
		return NL_OK;
	ret = parse_channel(nlmsg_hdr(msg), &dump->channels[dump->count]);
	if (ret < 0)
		return ret;
	dump->count++;
	return NL_OK;
}

int netlink_get_channels(struct netlink *nl, struct channel_info *channels,
			 int size)
{
	struct channel_dump dump = { .channels = channels, .size = size };
	int tries = DUMP_TRIES;
	int ret;

	do {
		dump.count = 0;
		ret = request(nl, AMT_LME_CMD_CHANNEL_GET, NLM_F_DUMP,
			      on_channel, &dump);
	} while (ret == -NLE_DUMP_INTR && --tries > 0);
	return ret < 0 ? nl_errno(ret) : dump.count;
}
