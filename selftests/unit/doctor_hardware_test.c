// SPDX-License-Identifier: GPL-2.0-only
/*
 * amt-helper doctor, from the chipset to the module: what it says of hardware
 * and kernels that no virtual machine has.
 */
#include "doctor_machine.h"

#define CLIENTS "  |id|fix|         UUID                       |con|msg len|sb|refc|vt|\n"
#define LINE_AMTHI " 0|33|  0|" UUID_AMTHI "|  5|   5120| 0|   2| 0|\n"
#define LINE_LME(n) " 1|34|  0|" UUID_LME "|  " n "|   4096| 0|   3| 0|\n"
#define CONNECTIONS "   |me|host|state|rd|wr|wrq\n"
#define LME_CONNECTED "  0|34|   1|    3| 0| 2|  0\n"
#define LME_GONE "  0|34|   1|    7| 0| 2|  0\n"

/* ---- PCI and mei_me ---- */

TEST_F(doctor, no_pci_bus_is_unknown_and_an_empty_one_is_no_hardware)
{
	EXPECT_LAYER(pci, VERDICT_UNKNOWN, "no PCI bus");
	make_parents(self->root, "sys/bus/pci/devices/x");
	EXPECT_LAYER(pci, VERDICT_FAIL, "no hardware");
	EXPECT_LAYER(driver, VERDICT_UNKNOWN, "no hardware");
	EXPECT_LAYER(device, VERDICT_UNKNOWN, "no MEI device");
	EXPECT_LAYER(permission, VERDICT_UNKNOWN, "");
}

/* As virtio's console, of the same class. */
TEST_F(doctor, a_device_of_another_vendor_or_class_is_no_me)
{
	put_me(self->root, NULL);
	put(self->root, ME "/vendor", "0x1af4\n");
	EXPECT_LAYER(pci, VERDICT_FAIL, "no hardware");
	put(self->root, ME "/vendor", "0x8086\n");
	put(self->root, ME "/class", "0x070000\n");
	EXPECT_LAYER(pci, VERDICT_FAIL, "no hardware");
}

TEST_F(doctor, of_several_mes_it_is_the_first_function)
{
	put_me(self->root, NULL);
	put(self->root, "sys/bus/pci/devices/0000:00:16.4/vendor", "0x8086\n");
	put(self->root, "sys/bus/pci/devices/0000:00:16.4/device", "0xa13e\n");
	put(self->root, "sys/bus/pci/devices/0000:00:16.4/class", "0x078000\n");
	EXPECT_LAYER(pci, VERDICT_OK, "8086:a13a at 0000:00:16.0");
}

TEST_F(doctor, an_me_without_a_driver_has_four_causes)
{
	put_me(self->root, NULL);
	EXPECT_LAYER(driver, VERDICT_FAIL, "mei_me is not loaded");
	make_parents(self->root, "sys/bus/pci/drivers/mei_me/x");
	EXPECT_LAYER(driver, VERDICT_FAIL, "did not take 0000:00:16.0");
	put(self->root, "lib/modules/6.1.0-1-amd64/modules.alias",
	    "alias pci:v00008086d0000A13Bsv*sd*bc*sc*i* mei_me\n"
	    "alias pci:v00008086d0000A13Asv*sd*bc*sc*i* other\n");
	EXPECT_LAYER(driver, VERDICT_FAIL, "does not know 8086:a13a");
	put(self->root, "lib/modules/6.1.0-1-amd64/modules.alias",
	    "# Aliases\nalias pci:v00008086d0000A13Asv*sd*bc*sc*i* mei_me\n");
	EXPECT_LAYER(driver, VERDICT_FAIL, "did not take 0000:00:16.0");
	put_me(self->root, "../../../bus/pci/drivers/mei_me");
	EXPECT_LAYER(driver, VERDICT_FAIL, "shows no MEI device");
	put_controller(self->root, "mei0", "mei\n");
	EXPECT_LAYER(driver, VERDICT_OK, "bound to 0000:00:16.0");
}

/* ---- The controller ---- */

TEST_F(doctor, a_graphics_card_is_not_the_controller_of_amt)
{
	put_controller(self->root, "mei0", "gscfi\n");
	EXPECT_LAYER(device, VERDICT_FAIL, "1 MEI devices, all of other kinds");
	put_controller(self->root, "mei1", "mei\n");
	EXPECT_LAYER(device, VERDICT_OK, "mei1, firmware 11.8.50.3399");
}

TEST_F(doctor, of_two_controllers_it_is_the_one_with_amt)
{
	put_controller(self->root, "mei0", "mei\n");
	put_controller(self->root, "mei1", "mei\n");
	put_link(self->root, "sys/class/mei/mei1/device",
		 "../../../0000:00:16.4");
	EXPECT_LAYER(device, VERDICT_OK, "mei0,");
	put_bus_client(self->root, "0000:00:16.4", UUID_LME, "1\n");
	EXPECT_LAYER(device, VERDICT_OK, "mei1,");
}

TEST_F(doctor, an_old_kernel_calls_it_mei_and_has_no_kind)
{
	put_controller(self->root, "mei", NULL);
	EXPECT_LAYER(device, VERDICT_OK, "mei, firmware");
	EXPECT_LAYER(permission, VERDICT_OK, "/dev/mei may be opened");
}

TEST_F(doctor, a_controller_that_is_not_enabled_fails)
{
	put_controller(self->root, "mei0", "mei\n");
	put(self->root, "sys/class/mei/mei0/dev_state", "DISABLED\n");
	EXPECT_LAYER(device, VERDICT_FAIL, "mei0 is DISABLED");
	unlinkat(self->root, "sys/class/mei/mei0/dev_state", 0);
	EXPECT_LAYER(device, VERDICT_OK, "mei0,");
	unlinkat(self->root, "dev/mei0", 0);
	EXPECT_LAYER(device, VERDICT_FAIL, "/dev/mei0 is missing");
}

/* ---- Permission ---- */

TEST_F(doctor, permission_is_about_both_nodes)
{
	static const struct {
		int mei, ctl;
		enum verdict verdict;
		const char *text;
	} cases[] = {
		{ 0, 0, VERDICT_OK, "/dev/mei0 and /dev/amt_lme/ctl" },
		{ 0, -ENOENT, VERDICT_OK, "/dev/mei0 may" },
		{ -EACCES, 0, VERDICT_WARN, "/dev/mei0 may not" },
		{ -ENOENT, 0, VERDICT_OK, "/dev/amt_lme/ctl may" },
		{ -EACCES, -EACCES, VERDICT_FAIL, "/dev/amt_lme/ctl" },
		{ -EACCES, -ENOENT, VERDICT_FAIL, "MEI device" },
		{ 0, -EACCES, VERDICT_FAIL, "/dev/amt_lme/ctl" },
		{ -ENOENT, -ENOENT, VERDICT_UNKNOWN, "" },
	};

	put_controller(self->root, "mei0", "mei\n");
	look(&self->doctor, self->root);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		self->doctor.mei.access = cases[i].mei;
		self->doctor.module.ctl = cases[i].ctl;
		EXPECT_FINDING(permission, cases[i].verdict, cases[i].text);
	}
}

/* ---- Clients ---- */

#define DEBUGFS "sys/kernel/debug/mei0"

TEST_F(doctor, clients_are_unknown_without_the_list_of_all)
{
	EXPECT_LAYER(amthi, VERDICT_UNKNOWN, "no MEI device");
	put_controller(self->root, "mei0", "mei\n");
	EXPECT_LAYER(amthi, VERDICT_UNKNOWN, "does not show AMTHI");
	EXPECT_LAYER(lme, VERDICT_UNKNOWN, "does not show LME");
	EXPECT_LAYER(bus, VERDICT_UNKNOWN, "");
	/* So it is while the controller is reset. */
	put(self->root, DEBUGFS "/meclients", CLIENTS);
	EXPECT_LAYER(lme, VERDICT_UNKNOWN, "does not show LME");
	put(self->root, DEBUGFS "/meclients", CLIENTS
	    " 4| 7|  7|55213584-9a29-4916-badf-0fb7ed682aeb|  0|   2048| 0|   3| 0|\n");
	EXPECT_LAYER(amthi, VERDICT_FAIL, "no client AMTHI");
	EXPECT_LAYER(lme, VERDICT_FAIL, "no client LME");
}

TEST_F(doctor, a_client_is_known_from_the_bus_or_from_the_list)
{
	put_controller(self->root, "mei0", "mei\n");
	put_bus_client(self->root, "0000:00:16.0", UUID_LME, "1\n");
	put_bus_client(self->root, "0000:00:17.0", UUID_AMTHI, "1\n");
	put_bus_client(self->root, "0000:00:16.01", UUID_AMTHI, "1\n");
	EXPECT_LAYER(lme, VERDICT_OK, "1 connections, messages of 4096 bytes");
	EXPECT_EQ(10, self->doctor.mei.clients[0].version);
	EXPECT_EQ(-1, self->doctor.mei.clients[0].connected);
	EXPECT_LAYER(amthi, VERDICT_UNKNOWN, "");
	put(self->root, DEBUGFS "/meclients",
	    CLIENTS LINE_AMTHI LINE_LME("1"));
	EXPECT_LAYER(amthi, VERDICT_OK, "5 connections, messages of 5120 bytes");
	EXPECT_EQ(2, self->doctor.mei.client_count);
	EXPECT_EQ(10, self->doctor.mei.clients[0].version);
	EXPECT_EQ(true, self->doctor.mei.clients[0].on_bus);
}

/* Linux before 5.10 has no column for tags. */
TEST_F(doctor, a_list_without_tags_is_read)
{
	put_controller(self->root, "mei0", "mei\n");
	put(self->root, DEBUGFS "/meclients",
	    "  |id|fix|         UUID                       |con|msg len|sb|refc|\n"
	    " 0|34|  0|" UUID_LME "|  1|   4096| 1|   3|\n");
	EXPECT_LAYER(lme, VERDICT_OK, "4096");
	EXPECT_EQ(-1, self->doctor.mei.clients[0].vtag);
	EXPECT_EQ(1, self->doctor.mei.clients[0].single_buffer);
}

TEST_F(doctor, lme_that_allows_two_connections_is_hidden)
{
	put_controller(self->root, "mei0", "mei\n");
	put(self->root, DEBUGFS "/meclients",
	    CLIENTS LINE_AMTHI LINE_LME("2"));
	EXPECT_LAYER(lme, VERDICT_OK, "2 connections");
	EXPECT_LAYER(bus, VERDICT_FAIL, "hides LME");
	put_bus_client(self->root, "0000:00:16.0", UUID_LME, "1\n");
	EXPECT_LAYER(bus, VERDICT_OK, "no driver");
	put_link(self->root, "sys/bus/mei/devices/0000:00:16.0-" UUID_LME
		 "/driver", "../../../../bus/mei/drivers/amt_lme");
	EXPECT_LAYER(bus, VERDICT_OK, "amt_lme is bound");
	put_link(self->root, "sys/bus/mei/devices/0000:00:16.0-" UUID_LME
		 "/driver", "../../../../bus/mei/drivers/other");
	EXPECT_LAYER(bus, VERDICT_WARN, "other is bound");
}

/* ---- Who has LME ---- */

TEST_F(doctor, lme_that_is_connected_is_taken)
{
	EXPECT_LAYER(holder, VERDICT_UNKNOWN, "no MEI device");
	put_controller(self->root, "mei0", "mei\n");
	put(self->root, DEBUGFS "/meclients",
	    CLIENTS LINE_AMTHI LINE_LME("1"));
	put(self->root, DEBUGFS "/active", CONNECTIONS LME_GONE);
	EXPECT_LAYER(holder, VERDICT_OK, "nobody has LME");
	put(self->root, DEBUGFS "/active", CONNECTIONS LME_GONE LME_CONNECTED);
	EXPECT_LAYER(holder, VERDICT_FAIL, "no process has the MEI device");
	put_process(self->root, 812, "lms\n", "/dev/mei0");
	put_process(self->root, 813, "other\n", "/dev/mei00");
	EXPECT_LAYER(holder, VERDICT_FAIL, "open in lms[812]");
	EXPECT_EQ(1, self->doctor.processes.mei.count);
	/* Two may have it. */
	put(self->root, DEBUGFS "/meclients",
	    CLIENTS LINE_AMTHI LINE_LME("2"));
	EXPECT_LAYER(holder, VERDICT_OK, "nobody has LME");
}

TEST_F(doctor, without_the_list_open_files_tell_who_may_have_lme)
{
	put_controller(self->root, "mei0", "mei\n");
	EXPECT_LAYER(holder, VERDICT_OK, "no process has the MEI device open");
	self->doctor.processes.daemon = 1;
	EXPECT_FINDING(holder, VERDICT_OK,
		       "no process but amt-helper serve has");
	put(self->root, "proc/7/comm", "hidden\n");
	EXPECT_LAYER(holder, VERDICT_UNKNOWN, "1 processes do not show");
	put_process(self->root, 812, "lms\n", "/dev/mei0");
	EXPECT_LAYER(holder, VERDICT_UNKNOWN, "lms[812]");
}

TEST_F(doctor, a_driver_that_was_refused_says_that_lme_is_taken)
{
	put_controller(self->root, "mei0", "mei\n");
	put(self->root, "proc/7/comm", "hidden\n");
	look(&self->doctor, self->root);
	self->doctor.kernel_error = 0;
	self->doctor.kernel.link.state = AMT_LME_LINK_STATE_CONNECTING;
	self->doctor.kernel.link.error = EBUSY;
	EXPECT_FINDING(holder, VERDICT_FAIL, "cannot be seen");
	EXPECT_FINDING(link, VERDICT_FAIL, "connecting: ");
	self->doctor.kernel.link.state = AMT_LME_LINK_STATE_UP;
	self->doctor.kernel.link.error = 0;
	EXPECT_FINDING(holder, VERDICT_OK, "amt_lme has LME");
}

TEST_F(doctor, many_holders_are_counted)
{
	char expected[] = "p[108] and 4 more";

	put_controller(self->root, "mei0", "mei\n");
	for (int pid = 100; pid < 112; pid++)
		put_process(self->root, pid, "p\n", "/dev/mei0");
	look(&self->doctor, self->root);
	EXPECT_EQ(12, self->doctor.processes.mei.count);
	check_holder(&self->doctor, &self->finding);
	EXPECT_NE(NULL, strstr(self->finding.evidence, expected + 6))
		TH_LOG("%s", self->finding.evidence);
}

TEST_F(doctor, a_name_with_control_characters_is_made_text)
{
	put_controller(self->root, "mei0", "mei\n");
	put_process(self->root, 9, "\x1b[2J\xc3\xa4\n", "/dev/mei0");
	EXPECT_LAYER(holder, VERDICT_UNKNOWN, "?[2J??[9]");
	put_process(self->root, 9, "lms\nfail  forged\n", "/dev/mei0");
	EXPECT_LAYER(holder, VERDICT_UNKNOWN, "lms?fail  forged[9]");
}

TEST_F(doctor, an_lms_is_known_by_its_name)
{
	EXPECT_LAYER(lms, VERDICT_OK, "no lms");
	put_process(self->root, 5, "lmsd\n", "/dev/null");
	put_process(self->root, 6, "films\n", "/dev/null");
	EXPECT_LAYER(lms, VERDICT_OK, "no lms");
	put_process(self->root, 8, "meshagent_x86-6\n", "/dev/null");
	EXPECT_LAYER(lms, VERDICT_WARN, "meshagent_x86-6[8]");
	put_process(self->root, 7, "LMS\n", "/dev/null");
	EXPECT_LAYER(lms, VERDICT_WARN, "LMS[7]");
}

/* ---- The module ---- */

#define MODULES "lib/modules/6.1.0-1-amd64"
#define MODULE MODULES "/updates/dkms/amt_lme.ko"
#define LOCKDOWN "sys/kernel/security/lockdown"
#define ENFORCE "sys/module/module/parameters/sig_enforce"
#define SECURE_BOOT "sys/firmware/efi/efivars/SecureBoot-" \
	"8be4df61-93ca-11d2-aa0d-00e098032b8c"

TEST_F(doctor, lockdown_and_secure_boot_are_read)
{
	EXPECT_LAYER(lockdown, VERDICT_UNKNOWN, "no EFI");
	make_parents(self->root, "sys/module/kernel");
	EXPECT_LAYER(lockdown, VERDICT_OK, "the kernel takes any module");
	put(self->root, ENFORCE, "N\n");
	EXPECT_LAYER(lockdown, VERDICT_OK, "lockdown not seen");
	EXPECT_EQ(0, self->doctor.module.enforced);
	put(self->root, ENFORCE, "Y\n");
	EXPECT_LAYER(lockdown, VERDICT_OK, "signed modules only");
	put(self->root, LOCKDOWN, "[none] integrity confidentiality\n");
	put(self->root, ENFORCE, "N\n");
	EXPECT_LAYER(lockdown, VERDICT_OK, "lockdown none");
	EXPECT_EQ(0, self->doctor.module.enforced);
	put(self->root, LOCKDOWN, "none [integrity] confidentiality\n");
	put_bytes(self->root, SECURE_BOOT, "\6\0\0\0\1", 5);
	EXPECT_LAYER(lockdown, VERDICT_OK,
		     "lockdown integrity, secure boot on: the kernel takes signed modules only");
	put_bytes(self->root, SECURE_BOOT, "\6\0\0\0\0", 5);
	EXPECT_LAYER(lockdown, VERDICT_OK, "secure boot off");
}

TEST_F(doctor, an_unsigned_module_fails_where_the_kernel_wants_signatures)
{
	put(self->root, "proc/sys/kernel/osrelease", "6.1.0-1-amd64\n");
	EXPECT_LAYER(signature, VERDICT_UNKNOWN, "not installed");
	EXPECT_LAYER(module, VERDICT_FAIL, "not installed for 6.1.0-1-amd64");
	make_parents(self->root, "sys/bus/pci/devices/x");
	EXPECT_LAYER(module, VERDICT_UNKNOWN, "no hardware for it");
	put_me(self->root, NULL);
	EXPECT_LAYER(module, VERDICT_FAIL, "not installed for 6.1.0-1-amd64");
	put(self->root, MODULES "/modules.dep",
	    "kernel/mei.ko:\nupdates/dkms/amt_lme.ko: kernel/mei.ko\n");
	EXPECT_LAYER(module, VERDICT_WARN, "not loaded");
	EXPECT_LAYER(signature, VERDICT_UNKNOWN, "amt_lme.ko");
	put(self->root, MODULE, "an ELF file, longer than the mark of a signed one\n");
	EXPECT_LAYER(signature, VERDICT_OK, "updates/dkms/amt_lme.ko is not signed");
	put(self->root, LOCKDOWN, "none [integrity] confidentiality\n");
	EXPECT_LAYER(signature, VERDICT_FAIL, "is not signed");
	put(self->root, MODULE, "an ELF file~Module signature appended~\n");
	EXPECT_LAYER(signature, VERDICT_OK, "is signed");
}

TEST_F(doctor, a_compressed_module_is_not_looked_into)
{
	put(self->root, "proc/sys/kernel/osrelease", "6.1.0-1-amd64\n");
	put(self->root, MODULES "/modules.dep",
	    "updates/amt_lme.ko.xz: kernel/mei.ko\n");
	put(self->root, MODULES "/updates/amt_lme.ko.xz",
	    "compressed, and longer than the mark of a signed module\n");
	EXPECT_LAYER(signature, VERDICT_UNKNOWN, "amt_lme.ko.xz is compressed");
	EXPECT_LAYER(module, VERDICT_WARN, "not loaded");
}

TEST_F(doctor, a_loaded_module_was_taken)
{
	put(self->root, LOCKDOWN, "[none] integrity confidentiality\n");
	put(self->root, "sys/module/amt_lme/taint", "OE\n");
	EXPECT_LAYER(module, VERDICT_OK, "loaded");
	EXPECT_LAYER(signature, VERDICT_OK, "not signed, and was taken");
	put(self->root, "sys/module/amt_lme/taint", "O\n");
	EXPECT_LAYER(signature, VERDICT_OK, "is signed, or");
}

TEST_HARNESS_MAIN
