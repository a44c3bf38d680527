// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device nodes. The contract of every call is in uapi/linux/amt_lme.h.
 *
 * A port node's minor number is its port, so that a copied node never reaches
 * another port. The nodes come and go with the forwards; what is open does not
 * depend on its node.
 */
#include <linux/anon_inodes.h>
#include <linux/bitmap.h>
#include <linux/capability.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/splice.h>
#include <linux/termios.h>
#include <linux/uaccess.h>
#include <uapi/linux/amt_lme.h>

#include "channel.h"
#include "chrdev.h"
#include "compat/compat.h"
#include "link.h"
#include "lme.h"

#define PORTS 65536

static struct lme *chrdev_lme;
static dev_t port_base;
static struct cdev port_cdev;
/* Both nodes are there: init will not fail, and take all away from under a file. */
static bool published;
static struct class port_class = {
	.name = "amt_lme",
};

/* The ports that have a node; of the event worker, and of exit after it. */
static DECLARE_BITMAP(port_nodes, PORTS);

static bool nonblocking(const struct file *file)
{
	return file->f_flags & O_NONBLOCK;
}

static ssize_t channel_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;

	return lme_channel_read(file->private_data, to, nonblocking(file));
}

static ssize_t channel_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;

	return lme_channel_write(file->private_data, from, nonblocking(file));
}

static __poll_t channel_poll(struct file *file, struct poll_table_struct *wait)
{
	return lme_channel_poll(file->private_data, file, wait);
}

static long channel_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct lme_channel *ch = file->private_data;

	switch (cmd) {
	case AMT_LME_IOC_SHUTDOWN:
		lme_channel_shutdown(ch);
		return 0;
	case FIONREAD:
		return put_user(lme_channel_readable(ch), (int __user *)arg);
	case TIOCOUTQ:
		return put_user(lme_channel_unsent(ch), (int __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int channel_release(struct inode *inode, struct file *file)
{
	lme_channel_release(file->private_data);
	return 0;
}

static struct lme_channel *open_channel(const struct lme_channel_params *params,
					bool nonblock)
{
	struct lme_channel *ch = lme_channel_open(chrdev_lme, params);
	int err;

	if (IS_ERR(ch) || nonblock)
		return ch;
	err = lme_channel_wait_open(ch);
	if (!err)
		return ch;
	lme_channel_release(ch);
	return ERR_PTR(err);
}

static int port_open(struct inode *inode, struct file *file)
{
	struct lme_channel_params params = { .port = iminor(inode) };
	struct lme_channel *ch;

	if (!smp_load_acquire(&published)) /* pairs with lme_chrdev_publish() */
		return -ENODEV;
	if (!params.port)
		return -ENXIO;
	ch = open_channel(&params, nonblocking(file));
	if (IS_ERR(ch))
		return PTR_ERR(ch);
	file->private_data = ch;
	return stream_open(inode, file);
}

/* Also of what CONNECT returns, which has no node to open. */
static const struct file_operations channel_fops = {
	.owner = THIS_MODULE,
	.open = port_open,
	.release = channel_release,
	.read_iter = channel_read_iter,
	.write_iter = channel_write_iter,
	.splice_read = LME_COMPAT_SPLICE_READ,
	.splice_write = iter_file_splice_write,
	.poll = channel_poll,
	.unlocked_ioctl = channel_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * lme_chrdev_set_port - make or remove the node of a port
 * @port: 1 to 65535
 * @exists: whether there is to be one
 *
 * Context: event worker only; may sleep.
 */
void lme_chrdev_set_port(u32 port, bool exists)
{
	dev_t devt = port_base + port;
	struct device *dev;

	if (exists == test_bit(port, port_nodes))
		return;
	if (!exists) {
		device_destroy(&port_class, devt);
		__clear_bit(port, port_nodes);
		return;
	}
	/* '!' becomes '/' in /dev */
	dev = device_create(&port_class, NULL, devt, NULL, "amt_lme!%u", port);
	if (IS_ERR(dev))
		pr_warn("no node for port %u (error %ld); CONNECT on /dev/amt_lme/ctl still reaches it\n",
			port, PTR_ERR(dev));
	else
		__set_bit(port, port_nodes);
}

/**
 * struct ctl_file - an open control node
 * @lock: one ioctl at a time
 * @holds: the file holds the link
 * @yields: the file has the link let go
 */
struct ctl_file {
	struct mutex lock; /* one ioctl at a time */
	bool holds;
	bool yields;
};

static int ctl_open(struct inode *inode, struct file *file)
{
	struct ctl_file *ctl;

	ctl = kzalloc(sizeof(*ctl), GFP_KERNEL);
	if (!ctl)
		return -ENOMEM;
	mutex_init(&ctl->lock);
	file->private_data = ctl;
	return nonseekable_open(inode, file);
}

static int ctl_release(struct inode *inode, struct file *file)
{
	struct ctl_file *ctl = file->private_data;

	if (ctl->yields)
		lme_unyield(chrdev_lme);
	if (ctl->holds)
		lme_unhold(chrdev_lme);
	kfree(ctl);
	return 0;
}

static long ctl_hold(struct ctl_file *ctl)
{
	mutex_lock(&ctl->lock);
	if (!ctl->holds)
		lme_hold(chrdev_lme);
	ctl->holds = true;
	mutex_unlock(&ctl->lock);
	return 0;
}

static long ctl_yield(struct ctl_file *ctl)
{
	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	mutex_lock(&ctl->lock);
	if (!ctl->yields)
		lme_yield(chrdev_lme);
	ctl->yields = true;
	mutex_unlock(&ctl->lock);
	return 0;
}

/* A structure that begins with its size; @known is its first published one. */
static int struct_get(void *to, size_t known, const void __user *arg)
{
	u32 size;

	if (get_user(size, (const u32 __user *)arg))
		return -EFAULT;
	if (size < known)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(to, known, arg, size);
}

static int connect_get(struct amt_lme_connect *c, void __user *arg)
{
	int err;

	err = struct_get(c, sizeof(*c), arg);
	if (err)
		return err;
	if (c->flags & ~AMT_LME_CONNECT_NONBLOCK || c->reserved ||
	    !c->port || c->port > 65535 || c->orig_port > 65535 ||
	    c->window > LME_WINDOW_MAX ||
	    strnlen(c->orig_addr, AMT_LME_ADDR_LEN) == AMT_LME_ADDR_LEN)
		return -EINVAL;
	if (c->family && c->family != AF_INET && c->family != AF_INET6)
		return -EINVAL;
	return 0;
}

static struct file *channel_file(struct lme_channel *ch, bool nonblock)
{
	struct file *file;

	file = anon_inode_getfile("[amt_lme]", &channel_fops, ch,
				  O_RDWR | (nonblock ? O_NONBLOCK : 0));
	if (!IS_ERR(file))
		stream_open(file_inode(file), file);
	return file;
}

static long ctl_connect(void __user *arg)
{
	struct lme_channel_params params = { };
	struct amt_lme_connect c;
	struct lme_channel *ch;
	struct file *file;
	bool nonblock;
	int err, fd;

	err = connect_get(&c, arg);
	if (err)
		return err;
	params.port = c.port;
	params.ipv6 = c.family == AF_INET6;
	params.timeout_ms = c.timeout_ms;
	params.window = c.window;
	params.orig_port = c.orig_port;
	BUILD_BUG_ON(sizeof(params.orig_addr) != sizeof(c.orig_addr));
	memcpy(params.orig_addr, c.orig_addr, sizeof(params.orig_addr));

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	nonblock = c.flags & AMT_LME_CONNECT_NONBLOCK;
	ch = open_channel(&params, nonblock);
	err = PTR_ERR_OR_ZERO(ch);
	if (err)
		goto err_put_fd;
	file = channel_file(ch, nonblock);
	err = PTR_ERR_OR_ZERO(file);
	if (err)
		goto err_release;
	fd_install(fd, file);
	return fd;

err_release:
	lme_channel_release(ch);
err_put_fd:
	put_unused_fd(fd);
	return err;
}

static long ctl_link(struct amt_lme_link __user *arg)
{
	u32 other = AMT_LME_TRANSPORT_NONE;
	struct amt_lme_link l;
	struct file *file;
	int err, fd;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	err = struct_get(&l, sizeof(l), arg);
	if (err)
		return err;
	if (l.flags || l.max_message < LME_MTU_MIN ||
	    l.max_message > LME_MTU_MAX)
		return -EINVAL;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = lme_link_relay_file(chrdev_lme, l.max_message, &other);
	err = PTR_ERR_OR_ZERO(file);
	if (err == -EBUSY && put_user(other, &arg->transport))
		err = -EFAULT;
	if (err) {
		put_unused_fd(fd);
		return err;
	}
	fd_install(fd, file);
	return fd;
}

static long ctl_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case AMT_LME_IOC_HOLD:
		return ctl_hold(file->private_data);
	case AMT_LME_IOC_YIELD:
		return ctl_yield(file->private_data);
	case AMT_LME_IOC_CONNECT:
		return ctl_connect((void __user *)arg);
	case AMT_LME_IOC_LINK:
		return ctl_link((struct amt_lme_link __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations ctl_fops = {
	.owner = THIS_MODULE,
	.open = ctl_open,
	.release = ctl_release,
	.unlocked_ioctl = ctl_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/*
 * '!' becomes '/' in /dev. Not a .nodename: without memory for that, devtmpfs
 * takes the name, and a node /dev/amt_lme would be in the way of the folder.
 */
static struct miscdevice ctl_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "amt_lme!ctl",
	.fops = &ctl_fops,
};

/**
 * lme_chrdev_init - get ready for nodes; none can be opened yet
 * @lme: the object
 *
 * Return: 0 or a negative error.
 */
int lme_chrdev_init(struct lme *lme)
{
	int err;

	chrdev_lme = lme;
	err = alloc_chrdev_region(&port_base, 0, PORTS, "amt_lme");
	if (err)
		return err;
	err = class_register(&port_class);
	if (err)
		unregister_chrdev_region(port_base, PORTS);
	return err;
}

/**
 * lme_chrdev_publish - let the nodes be opened
 *
 * Return: 0 or a negative error.
 */
int lme_chrdev_publish(void)
{
	int err;

	cdev_init(&port_cdev, &channel_fops);
	port_cdev.owner = THIS_MODULE;
	err = cdev_add(&port_cdev, port_base, PORTS);
	if (err)
		return err;
	err = misc_register(&ctl_dev);
	if (err) {
		cdev_del(&port_cdev);
		return err;
	}
	smp_store_release(&published, true); /* behind all that open needs */
	return 0;
}

/** lme_chrdev_unpublish - nothing can be opened any more */
void lme_chrdev_unpublish(void)
{
	misc_deregister(&ctl_dev);
	cdev_del(&port_cdev);
}

/**
 * lme_chrdev_exit - remove all nodes
 *
 * The event worker must have ended.
 */
void lme_chrdev_exit(void)
{
	unsigned int port;

	for_each_set_bit(port, port_nodes, PORTS)
		device_destroy(&port_class, port_base + port);
	class_unregister(&port_class);
	unregister_chrdev_region(port_base, PORTS);
}
