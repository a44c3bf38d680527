// SPDX-License-Identifier: GPL-2.0-only
/* A child that connects to LME, and passes the descriptor, or disconnects. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/child.h"
#include "helper/serve/mei-child.h"
#include "lib/mei.h"

static int on_end(sd_event_source *source, const siginfo_t *info, void *arg)
{
	struct mei_child *child = arg;

	(void)source;
	(void)info;
	child->end = sd_event_source_disable_unref(child->end);
	child->pid = 0;
	child->ended(child->arg);
	return 0;
}

static int watch(struct mei_child *child)
{
	return child_watch(child->event, &child->end, &child->pid, on_end,
			   child);
}

/* All above stderr but these. */
static void close_others(const int *fds, int count)
{
	int from = STDERR_FILENO + 1;
	int next;

	do {
		next = INT_MAX;
		for (int i = 0; i < count; i++)
			if (fds[i] >= from && fds[i] < next)
				next = fds[i];
		if (next > from)
			close_range((unsigned int)from, (unsigned int)next - 1,
				    0);
		from = next < INT_MAX ? next + 1 : next;
	} while (next < INT_MAX);
}

/* ---- Disconnecting ---- */

static void close_connection(const int fds[MEI_CHILD_FDS])
{
	for (int i = 0; i < MEI_CHILD_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void end_connection(const int fds[MEI_CHILD_FDS])
{
	mei_flush(fds[0]);
	close_connection(fds);
}

/* When nobody waits at the other end of @go it has the last descriptors. */
static void end_in_child(const int fds[MEI_CHILD_FDS], int go)
{
	int needed[MEI_CHILD_FDS + 1] = { go };
	struct pollfd p = { .fd = go };

	memcpy(&needed[1], fds, MEI_CHILD_FDS * sizeof(*fds));
	close_others(needed, MEI_CHILD_FDS + 1);
	poll(&p, 1, -1);
	end_connection(fds);
	_exit(0);
}

static int end_beside(struct mei_child *child, const int fds[MEI_CHILD_FDS])
{
	int go[2];
	int ret;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	child->pid = fork();
	if (child->pid == 0) {
		close(go[1]);
		end_in_child(fds, go[0]);
	}
	ret = watch(child);
	if (ret == 0)
		close_connection(fds);
	close(go[0]);
	close(go[1]);
	return ret;
}

void mei_child_disconnect(struct mei_child *child,
			  const int fds[MEI_CHILD_FDS])
{
	if (sd_event_get_state(child->event) == SD_EVENT_FINISHED ||
	    end_beside(child, fds) < 0)
		end_connection(fds);
}

/* ---- Connecting ---- */

/* What the daemon has open is not to stay open for as long as this takes. */
static void connect_in_child(int to, const char *device)
{
	struct mei mei = MEI_CLOSED;
	struct mei_answer answer = { 0 };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { &answer, sizeof(answer) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_others(&to, 1);
	answer.error = mei_connect_shared(&mei, device, mei_guid_lme);
	answer.max_message = mei.max_message;
	memcpy(answer.path, mei.path, sizeof(answer.path));
	if (answer.error == 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &mei.fd, sizeof(int));
	}
	_exit(sendmsg(to, &msg, MSG_NOSIGNAL) < 0);
}

static void forget_answer(struct mei_child *child)
{
	close(child->answer);
	child->answer = -1;
}

int mei_child_connect(struct mei_child *child, const char *device)
{
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	child->pid = fork();
	if (child->pid == 0)
		connect_in_child(pair[1], device);
	ret = watch(child);
	close(pair[1]);
	child->answer = pair[0];
	if (ret < 0)
		forget_answer(child);
	return ret;
}

int mei_child_answer(struct mei_child *child, struct mei_answer *answer)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { answer, sizeof(*answer) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd = -1;

	*answer = (struct mei_answer){ 0 };
	if (recvmsg(child->answer, &msg, MSG_CMSG_CLOEXEC) != sizeof(*answer))
		answer->error = -ECHILD;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (answer->error == 0 && cmsg && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
	forget_answer(child);
	return fd;
}

void mei_child_kill(struct mei_child *child)
{
	if (child->answer < 0)
		return;
	kill(child->pid, SIGKILL);
	forget_answer(child);
}

void mei_child_wait(struct mei_child *child)
{
	child->end = sd_event_source_disable_unref(child->end);
	if (child->pid > 0)
		waitpid(child->pid, NULL, 0);
	child->pid = 0;
}
