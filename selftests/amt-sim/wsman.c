// SPDX-License-Identifier: GPL-2.0-only
#include <libxml/parser.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "sim.h"
#include "wsman.h"

#define SOAP "http://www.w3.org/2003/05/soap-envelope"
#define ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define ENUMERATION "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define WSMAN "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
#define IDENTITY "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
#define AMT_SCHEMA "http://intel.com/wbem/wscim/1/amt-schema/1/"
#define KEY_SERVICE AMT_SCHEMA "AMT_PublicKeyManagementService"
#define KEY_PAIR AMT_SCHEMA "AMT_PublicPrivateKeyPair"
#define CIM_SCHEMA "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"

/**
 * struct exchange - an envelope and its answer
 * @sim: the virtual AMT
 * @header: Header of the request, or NULL
 * @body: the one element in its Body, or NULL
 * @class: the class that its ResourceURI names, or NULL
 * @out: the answer
 * @fault: it is a fault
 */
struct exchange {
	struct sim *sim;
	xmlNode *header;
	xmlNode *body;
	const struct class *class;
	FILE *out;
	bool fault;
};

static void put_property(FILE *out, const char *name, const char *value)
{
	fprintf(out, "<r:%s>%s</r:%s>", name, value, name);
}

static void put_general_settings(struct sim *sim, FILE *out)
{
	(void)sim;
	put_property(out, "DigestRealm", WSMAN_REALM);
	put_property(out, "DomainName", "example.com");
	put_property(out, "ElementName", "Intel(r) AMT: General Settings");
	put_property(out, "HostName", "amt");
	put_property(out, "InstanceID", "Intel(r) AMT: General Settings");
	put_property(out, "NetworkInterfaceEnabled", "true");
}

/* The UUID as SMBIOS has it. */
static void put_system_package(struct sim *sim, FILE *out)
{
	char guid[2 * sizeof(sim_uuid) + 1];

	(void)sim;
	for (size_t i = 0; i < sizeof(sim_uuid); i++)
		sprintf(guid + 2 * i, "%02X", sim_uuid[i]);
	put_property(out, "PlatformGUID", guid);
}

static void put_key_service(struct sim *sim, FILE *out)
{
	(void)sim;
	put_property(out, "CreationClassName", "AMT_PublicKeyManagementService");
	put_property(out, "ElementName",
		     "Intel(r) AMT Certificate Store Service");
	put_property(out, "Name", "Intel(r) AMT Public Key Management Service");
	put_property(out, "SystemCreationClassName", "CIM_ComputerSystem");
	put_property(out, "SystemName", "Intel(r) AMT");
}

static bool has_key_pair(const struct sim *sim)
{
	return sim->key.base64;
}

static void put_key_pair(struct sim *sim, FILE *out)
{
	put_property(out, "DERKey", sim->key.base64);
	put_property(out, "ElementName", "Intel(r) AMT Key");
	put_property(out, "InstanceID", KEY_HANDLE);
}

/* @exists is NULL for what always does. */
static const struct class {
	const char *uri;
	const char *name;
	void (*put)(struct sim *sim, FILE *out);
	bool (*exists)(const struct sim *sim);
} classes[] = {
	{ AMT_SCHEMA "AMT_GeneralSettings", "AMT_GeneralSettings",
	  put_general_settings, NULL },
	{ KEY_SERVICE, "AMT_PublicKeyManagementService", put_key_service,
	  NULL },
	{ KEY_PAIR, "AMT_PublicPrivateKeyPair", put_key_pair, has_key_pair },
	{ CIM_SCHEMA "CIM_ComputerSystemPackage", "CIM_ComputerSystemPackage",
	  put_system_package, NULL },
};

static xmlNode *child(xmlNode *parent, const char *namespace, const char *name)
{
	xmlNode *node = parent ? parent->children : NULL;

	for (; node; node = node->next)
		if (node->type == XML_ELEMENT_NODE && node->ns &&
		    (!namespace ||
		     !strcmp((const char *)node->ns->href, namespace)) &&
		    (!name || !strcmp((const char *)node->name, name)))
			return node;
	return NULL;
}

static char *text_of(xmlNode *node)
{
	return node ? (char *)xmlNodeGetContent(node) : NULL;
}

static bool has_text(xmlNode *node, const char *expected)
{
	char *text = text_of(node);
	bool equal = text && !strcmp(text, expected);

	xmlFree(text);
	return equal;
}

/* What came from the host goes back only escaped. */
static void put_escaped(struct exchange *e, const char *tag, xmlNode *node)
{
	char *text = text_of(node);
	xmlChar *safe = text ? xmlEncodeSpecialChars(NULL, (xmlChar *)text) :
			       NULL;

	if (safe)
		fprintf(e->out, "<%s>%s</%s>", tag, (char *)safe, tag);
	xmlFree(safe);
	xmlFree(text);
}

static void begin(struct exchange *e, const char *action)
{
	unsigned long long number = e->sim->stats.http_requests;

	fprintf(e->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<a:Envelope xmlns:a=\"" SOAP "\" xmlns:b=\"" ADDRESSING
		"\" xmlns:w=\"" WSMAN "\" xmlns:n=\"" ENUMERATION "\"");
	if (e->class)
		fprintf(e->out, " xmlns:r=\"%s\"", e->class->uri);
	fprintf(e->out, "><a:Header><b:To>" ADDRESSING "/role/anonymous</b:To>");
	put_escaped(e, "b:RelatesTo", child(e->header, ADDRESSING, "MessageID"));
	fprintf(e->out, "<b:Action a:mustUnderstand=\"true\">%s</b:Action>"
		"<b:MessageID>uuid:00000000-8086-8086-8086-%012llX"
		"</b:MessageID>", action, number);
	if (e->class)
		fprintf(e->out, "<w:ResourceURI>%s</w:ResourceURI>",
			e->class->uri);
	fprintf(e->out, "</a:Header><a:Body>");
}

static void put_instance(struct exchange *e)
{
	fprintf(e->out, "<r:%s>", e->class->name);
	e->class->put(e->sim, e->out);
	fprintf(e->out, "</r:%s>", e->class->name);
}

static void put_fault(struct exchange *e, const char *subcode,
		      const char *reason)
{
	e->fault = true;
	e->class = NULL;
	begin(e, ADDRESSING "/fault");
	fprintf(e->out, "<a:Fault><a:Code><a:Value>a:Sender</a:Value>"
		"<a:Subcode><a:Value>%s</a:Value></a:Subcode></a:Code>"
		"<a:Reason><a:Text xml:lang=\"en-US\">%s</a:Text></a:Reason>"
		"</a:Fault>", subcode, reason);
}

static void identify(struct exchange *e)
{
	begin(e, IDENTITY "/IdentifyResponse");
	fprintf(e->out, "<i:IdentifyResponse xmlns:i=\"" IDENTITY "\">"
		"<i:ProtocolVersion>" WSMAN "</i:ProtocolVersion>"
		"<i:ProductVendor>Intel(r)</i:ProductVendor>"
		"<i:ProductVersion>AMT %s</i:ProductVersion>"
		"</i:IdentifyResponse>", e->sim->pthi.generation->version);
}

static bool exists(const struct exchange *e)
{
	return !e->class->exists || e->class->exists(e->sim);
}

static void unreachable(struct exchange *e)
{
	put_fault(e, "b:DestinationUnreachable",
		  "No route can be determined to reach the destination role.");
}

static void not_supported(struct exchange *e)
{
	put_fault(e, "b:ActionNotSupported",
		  "The action is not supported by the service.");
}

static void get(struct exchange *e)
{
	if (!exists(e)) {
		unreachable(e);
		return;
	}
	begin(e, TRANSFER "/GetResponse");
	put_instance(e);
}

/* At most one instance of each class, so the class is all that a context says. */
static void enumerate(struct exchange *e)
{
	begin(e, ENUMERATION "/EnumerateResponse");
	fprintf(e->out, "<n:EnumerateResponse><n:EnumerationContext>%s"
		"</n:EnumerationContext></n:EnumerateResponse>",
		e->class->name);
}

static void pull(struct exchange *e)
{
	xmlNode *context = child(e->body, ENUMERATION, "EnumerationContext");

	if (!has_text(context, e->class->name)) {
		put_fault(e, "n:InvalidEnumerationContext",
			  "The supplied enumeration context is invalid.");
		return;
	}
	begin(e, ENUMERATION "/PullResponse");
	fprintf(e->out, "<n:PullResponse><n:Items>");
	if (exists(e))
		put_instance(e);
	fprintf(e->out, "</n:Items><n:EndOfSequence/></n:PullResponse>");
}

static enum key_status make_key(const struct exchange *e)
{
	xmlNode *length = child(e->body, e->class->uri, "KeyLength");

	/* RSA, the one algorithm */
	if (!has_text(child(e->body, e->class->uri, "KeyAlgorithm"), "0"))
		return KEY_INVALID_PARAMETER;
	if (has_text(length, "2048"))
		return key_make(e->sim, 2048);
	if (has_text(length, "3072"))
		return key_make(e->sim, 3072);
	return KEY_INVALID_PARAMETER;
}

static void put_key_reference(struct exchange *e)
{
	fprintf(e->out, "<r:KeyPair><b:Address>" ADDRESSING "/role/anonymous"
		"</b:Address><b:ReferenceParameters><w:ResourceURI>" KEY_PAIR
		"</w:ResourceURI><w:SelectorSet><w:Selector Name=\"InstanceID\">"
		KEY_HANDLE "</w:Selector></w:SelectorSet>"
		"</b:ReferenceParameters></r:KeyPair>");
}

static void generate_key_pair(struct exchange *e)
{
	enum key_status status = make_key(e);

	begin(e, KEY_SERVICE "/GenerateKeyPairResponse");
	fprintf(e->out, "<r:GenerateKeyPair_OUTPUT>");
	if (status == KEY_OK)
		put_key_reference(e);
	fprintf(e->out, "<r:ReturnValue>%d</r:ReturnValue>"
		"</r:GenerateKeyPair_OUTPUT>", status);
}

/* @uri is the one class that has it, or NULL for all. */
static const struct {
	const char *action;
	void (*answer)(struct exchange *e);
	const char *uri;
} actions[] = {
	{ TRANSFER "/Get", get, NULL },
	{ ENUMERATION "/Enumerate", enumerate, NULL },
	{ ENUMERATION "/Pull", pull, NULL },
	{ KEY_SERVICE "/GenerateKeyPair", generate_key_pair, KEY_SERVICE },
};

static const struct class *find_class(xmlNode *uri)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (has_text(uri, classes[i].uri))
			return &classes[i];
	return NULL;
}

static void answer(struct exchange *e)
{
	xmlNode *action = child(e->header, ADDRESSING, "Action");
	xmlNode *uri = child(e->header, WSMAN, "ResourceURI");

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!has_text(action, actions[i].action))
			continue;
		e->class = find_class(uri);
		if (!e->class)
			unreachable(e);
		else if (actions[i].uri &&
			 strcmp(actions[i].uri, e->class->uri) != 0)
			not_supported(e);
		else
			actions[i].answer(e);
		return;
	}
	not_supported(e);
}

static void dispatch(struct exchange *e, xmlDoc *doc)
{
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	xmlNode *body = child(root, SOAP, "Body");

	e->header = child(root, SOAP, "Header");
	e->body = child(body, NULL, NULL);
	if (!body)
		put_fault(e, "w:SchemaValidationError",
			  "The request is not a SOAP envelope.");
	else if (child(body, IDENTITY, "Identify"))
		identify(e);
	else
		answer(e);
	fprintf(e->out, "</a:Body></a:Envelope>\n");
}

char *wsman_answer(struct sim *sim, const char *request, size_t len,
		   bool *fault)
{
	struct exchange e = { .sim = sim };
	xmlDoc *doc = xmlReadMemory(request, (int)len, NULL, NULL,
				    XML_PARSE_NONET | XML_PARSE_NOERROR |
				    XML_PARSE_NOWARNING);
	char *text = NULL;
	size_t size;

	e.out = open_memstream(&text, &size);
	if (e.out) {
		dispatch(&e, doc);
		if (fclose(e.out)) {
			free(text);
			text = NULL;
		}
	}
	xmlFreeDoc(doc);
	*fault = e.fault;
	return text;
}
