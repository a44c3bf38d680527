// SPDX-License-Identifier: GPL-2.0-only
/* The LME driver, and what the kernel asks of modules. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/doctor/doctor.h"
#include "lib/tree.h"
#include "lib/device.h"

/* Ends a signed module, scripts/sign-file.c. */
#define SIGNATURE_MARK "~Module signature appended~\n"
#define EFI_GLOBAL "8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* The path from a line of modules.dep, "PATH: WHAT IT NEEDS". */
static void find_file(struct module_facts *module, int root)
{
	FILE *file = tree_file(root, "lib/modules/%s/modules.dep",
			       module->release);
	char *line = NULL, *name;
	size_t size = 0;

	if (!file)
		return;
	while (!*module->file && getline(&line, &size, file) > 0) {
		line[strcspn(line, ":\n")] = '\0';
		name = strrchr(line, '/');
		name = name ? name + 1 : line;
		if (strncmp(name, "amt_lme.ko", 10) == 0)
			snprintf(module->file, sizeof(module->file), "%s",
				 line);
	}
	free(line);
	(void)fclose(file);
}

static enum signature read_signature(const struct module_facts *module,
				     int root)
{
	char mark[sizeof(SIGNATURE_MARK)] = "";
	enum signature signature = SIGNATURE_UNKNOWN;
	const char *end = strrchr(module->file, '.');
	FILE *file;

	if (!end || strcmp(end, ".ko") != 0)
		return SIGNATURE_UNKNOWN;
	file = tree_file(root, "lib/modules/%s/%s", module->release,
			 module->file);
	if (!file)
		return SIGNATURE_UNKNOWN;
	if (fseek(file, -(long)strlen(SIGNATURE_MARK), SEEK_END) == 0 &&
	    fread(mark, strlen(SIGNATURE_MARK), 1, file) == 1)
		signature = strcmp(mark, SIGNATURE_MARK) == 0 ?
				    SIGNATURE_THERE : SIGNATURE_MISSING;
	(void)fclose(file);
	return signature;
}

/* "none [integrity] confidentiality": the one in brackets. */
static void read_lockdown(struct module_facts *module, int root)
{
	char text[NAME_SIZE], *begin;

	tree_read(root, text, sizeof(text), "sys/kernel/security/lockdown");
	begin = strchr(text, '[');
	if (!begin)
		return;
	begin++;
	begin[strcspn(begin, "]")] = '\0';
	snprintf(module->lockdown, sizeof(module->lockdown), "%s", begin);
}

/* A kernel that knows no signatures has no such parameter. */
static int read_enforced(const struct module_facts *module, int root)
{
	char text[8];

	if (*module->lockdown && strcmp(module->lockdown, "none") != 0)
		return 1;
	if (tree_read(root, text, sizeof(text),
		      "sys/module/module/parameters/sig_enforce") <= 0)
		return tree_has(root, "sys/module") ? 0 : -1;
	return *text == 'Y';
}

/* A variable of EFI: four bytes of attributes, then its value, one byte. */
static int read_secure_boot(int root)
{
	FILE *file = tree_file(root, "sys/firmware/efi/efivars/SecureBoot-"
			       EFI_GLOBAL);
	unsigned char bytes[5];
	int value = -1;

	if (!file)
		return -1;
	if (fread(bytes, sizeof(bytes), 1, file) == 1)
		value = bytes[4] == 1;
	(void)fclose(file);
	return value;
}

void look_at_module(struct doctor *doctor, int root)
{
	struct module_facts *module = &doctor->module;

	tree_read(root, module->release, sizeof(module->release),
		  "proc/sys/kernel/osrelease");
	find_file(module, root);
	if (*module->file)
		module->signature = read_signature(module, root);
	module->loaded = tree_has(root, "sys/module/amt_lme");
	tree_read(root, module->taint, sizeof(module->taint),
		  "sys/module/amt_lme/taint");
	module->ctl = tree_may(root, &DEVICE_CTL[1], R_OK | W_OK);
	read_lockdown(module, root);
	module->enforced = read_enforced(module, root);
	module->secure_boot = read_secure_boot(root);
}

/* Only of a loaded module: asking for the family would load it. */
void look_at_kernel(struct doctor *doctor)
{
	struct netlink *nl;

	doctor->kernel_error = -ENOENT;
	if (!doctor->module.loaded)
		return;
	doctor->kernel_error = netlink_open(&nl);
	if (doctor->kernel_error < 0)
		return;
	doctor->kernel_error = netlink_get_state(nl, &doctor->kernel);
	netlink_close(nl);
}

bool link_is_up(const struct doctor *doctor)
{
	return doctor->kernel_error == 0 &&
	       doctor->kernel.link.state == AMT_LME_LINK_STATE_UP;
}
