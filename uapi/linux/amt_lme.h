/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Intel AMT local manageability (LME): character devices and ioctls.
 *
 * /dev/amt_lme/ctl      the control node: HOLD, YIELD, CONNECT and LINK
 * /dev/amt_lme/<port>   one node per TCP port that AMT forwards; opening it
 *                       opens a channel to AMT, and the file is a byte stream
 *
 * A channel file:
 *   read()   0 after AMT closed the channel and all bytes were taken
 *   write()  EPIPE after AMT closed the channel, or after SHUTDOWN
 *   both     EAGAIN with O_NONBLOCK, also while the channel is being opened;
 *            ECONNRESET when the link was lost, EPROTO when AMT broke the
 *            protocol, the errors of CONNECT when opening failed. read() gives
 *            the bytes that came before
 *   poll()   EPOLLOUT also says that the channel is open; EPOLLHUP that it is
 *            over; EPOLLERR that it failed
 *   FIONREAD, TIOCOUTQ   bytes that can be read, bytes that were not sent yet
 *
 * Errors common to all ioctls here:
 *   ENOTTY   the command is not known on this file
 *   EINVAL   a flag or a value is not known, or @size is below the first
 *            published size of the structure
 *   E2BIG    the structure is longer than this kernel knows and the part it
 *            does not know is not zero, or it is longer than a page
 *   EFAULT   the structure cannot be read
 */
#ifndef _UAPI_LINUX_AMT_LME_H
#define _UAPI_LINUX_AMT_LME_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define AMT_LME_IOC_MAGIC 0xBB

/**
 * AMT_LME_IOC_HOLD - keep the link to AMT up for the life of this ctl file
 *
 * Takes no argument. Returns 0, also when the file holds the link already;
 * never waits for firmware.
 */
#define AMT_LME_IOC_HOLD _IO(AMT_LME_IOC_MAGIC, 0x00)

/** AMT_LME_CONNECT_NONBLOCK - return at once; the new file is O_NONBLOCK */
#define AMT_LME_CONNECT_NONBLOCK 0x1

/** AMT_LME_ADDR_LEN - room for a textual IP address and its NUL */
#define AMT_LME_ADDR_LEN 48

/**
 * struct amt_lme_connect - argument of AMT_LME_IOC_CONNECT
 * @size:       sizeof(struct amt_lme_connect)
 * @flags:      AMT_LME_CONNECT_*
 * @port:       the TCP port inside AMT, 1 to 65535
 * @family:     AF_INET (or 0) or AF_INET6: "127.0.0.1" or "::1" is named to AMT
 * @timeout_ms: how long the open may take; 0 is the default of 20 s
 * @window:     receive window in bytes, 1 to 65536; 0 is the default
 * @orig_port:  the TCP port of the peer on whose behalf this is; 0 names @port
 * @reserved:   must be 0
 * @orig_addr:  that peer's address as text, NUL terminated; empty names the
 *              loopback address of @family
 */
struct amt_lme_connect {
	__u32 size;
	__u32 flags;
	__u32 port;
	__u32 family;
	__u32 timeout_ms;
	__u32 window;
	__u32 orig_port;
	__u32 reserved;
	char orig_addr[AMT_LME_ADDR_LEN];
};

/**
 * AMT_LME_IOC_CONNECT - open a channel to a port inside AMT
 *
 * Takes a struct amt_lme_connect. Returns a new close-on-exec file descriptor
 * that reads and writes as one of a port node does. Without
 * AMT_LME_CONNECT_NONBLOCK it waits as open() of a port node does and fails
 * with the same errors; with it, poll() reports EPOLLOUT when the channel is
 * open, and EPOLLERR | EPOLLHUP when it failed; the first read() or write()
 * then returns the error.
 *
 *   ECONNREFUSED     AMT refused the channel
 *   EPROTONOSUPPORT  AMT does not know this type of channel
 *   ENOBUFS          no channel slot of AMT became free in time, or 1024
 *                    channels wait to be opened
 *   ETIMEDOUT        AMT did not answer in time
 *   ENETDOWN         no link to AMT came up in time
 *   ENXIO            AMT does not forward this port
 *   ECONNRESET       the link was lost as the channel had just been opened
 *   EPROTO           AMT broke the protocol as the channel had just been opened
 *   EINTR            a signal came
 */
#define AMT_LME_IOC_CONNECT _IO(AMT_LME_IOC_MAGIC, 0x01)

/**
 * AMT_LME_IOC_SHUTDOWN - nothing more will be written to this channel
 *
 * Takes no argument; on a channel file. APF has no half-close: after the
 * written bytes have gone out the channel is closed once AMT has answered and
 * then been silent (for 3 s if it owed an answer at this call, else for less
 * than one), or after 20 s in which AMT does not answer, or neither takes more of
 * them nor sends any. read() goes on until then; write() fails with EPIPE.
 * Returns 0, also when called again.
 */
#define AMT_LME_IOC_SHUTDOWN _IO(AMT_LME_IOC_MAGIC, 0x02)

/**
 * struct amt_lme_link - argument of AMT_LME_IOC_LINK
 * @size:        sizeof(struct amt_lme_link)
 * @flags:       must be 0
 * @max_message: longest message in bytes, 512 to 131072: what
 *               IOCTL_MEI_CONNECT_CLIENT returned as max_msg_length
 * @transport:   set with EBUSY: the enum amt_lme_transport of the link there is
 */
struct amt_lme_link {
	__u32 size;
	__u32 flags;
	__u32 max_message;
	__u32 transport;
};

/**
 * AMT_LME_IOC_LINK - carry the messages of a connection to LME
 *
 * Takes a struct amt_lme_link; needs CAP_NET_ADMIN. For firmware whose LME
 * client the MEI bus shows to no driver. The program has connected /dev/meiN to
 * LME, and moves whole messages between it and the new close-on-exec file
 * descriptor that this returns:
 *
 *   write()  one message from AMT. EMSGSIZE when it is longer than
 *            max_message, EINVAL when it is empty. EPIPE after the end
 *   read()   one message to AMT. EMSGSIZE when the buffer is too small; nothing
 *            is lost. 0 after the end: close the MEI connection, then this
 *            descriptor, and begin anew with both
 *   poll()   EPOLLIN, EPOLLOUT; EPOLLHUP after the end
 *
 * The descriptor uses the link, as HOLD does; closing it ends the session, and
 * a device with LME that comes to the bus ends it, too. The MEI connection is
 * to be closed first, always: a link that is yielded becomes
 * AMT_LME_LINK_STATE_YIELDED when the descriptor is closed, which says that LME
 * is free.
 *
 *   EPERM   CAP_NET_ADMIN is needed
 *   EBUSY   there is another link, and @transport says which; or, with
 *           AMT_LME_TRANSPORT_NONE, it is yielded
 */
#define AMT_LME_IOC_LINK _IO(AMT_LME_IOC_MAGIC, 0x03)

/**
 * AMT_LME_IOC_YIELD - leave LME to another program for the life of this ctl file
 *
 * Takes no argument; needs CAP_NET_ADMIN. The session ends, and open channels
 * with it (ECONNRESET); opens wait, within their timeout. Returns 0, also when
 * the file yields already; never waits for firmware: LME is free when the
 * state of the link is AMT_LME_LINK_STATE_YIELDED, if who carried it by
 * AMT_LME_IOC_LINK has kept the order there.
 */
#define AMT_LME_IOC_YIELD _IO(AMT_LME_IOC_MAGIC, 0x04)

#endif /* _UAPI_LINUX_AMT_LME_H */
