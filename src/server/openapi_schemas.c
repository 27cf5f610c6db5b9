/*
 * openapi_schemas.c - shapes that several routes share, and the groups of the API.
 *
 * Threads:      constants.
 */
#include "server/openapi_int.h"

#define OBJECT(members) "{\"type\":\"object\",\"properties\":{" members "}}"
#define TEXT		"{\"type\":\"string\"}"
#define TEXT_OR_NULL	"{\"type\":[\"string\",\"null\"]}"
#define NUMBER		"{\"type\":\"integer\",\"minimum\":0}"
#define NUMBER_OR_NULL	"{\"type\":[\"integer\",\"null\"],\"minimum\":0}"
#define TIME		"{\"type\":\"string\",\"format\":\"date-time\"}"
#define YES_NO		"{\"type\":\"boolean\"}"
#define REF(name)	"{\"$ref\":\"#/components/schemas/" name "\"}"

/* One that refers to another stands before it. */
static const struct schema schemas[] = {
	{ "Problem",
	  "{\"type\":\"object\",\"description\":\"What went wrong (RFC 9457)\","
	  "\"required\":[\"type\",\"title\",\"status\"],\"properties\":{"
	  "\"type\":{\"type\":\"string\",\"format\":\"uri\"},\"title\":" TEXT
	  ",\"status\":{\"type\":\"integer\"},\"detail\":" TEXT
	  ",\"field\":{\"type\":\"string\",\"description\":\"the member or parameter that it is "
	  "about\"}}}" },
	{ "Money",
	  "{\"type\":\"object\",\"required\":[\"amount_minor\",\"currency\"],\"properties\":{"
	  "\"amount_minor\":{\"type\":\"integer\",\"description\":\"in the currency's smallest "
	  "unit\"},\"currency\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{3}$\"}}}" },
	{ "Session", OBJECT("\"user\":" OBJECT(
			     "\"id\":" NUMBER ",\"name\":" TEXT ",\"email\":" TEXT ",\"role\":" TEXT
			     ",\"language\":" TEXT_OR_NULL
			     ",\"totp\":" YES_NO) ",\"may\":{\"type\":\"array\",\"items\":" TEXT
						  "},\"csrf\":{\"type\":\"string\","
						  "\"description\":\"to be sent as X-CSRF-Token "
						  "with everything that changes something\"},"
						  "\"workspace\":{\"type\":\"object\"}") },
	{ "Touch", OBJECT("\"seq\":" NUMBER ",\"at\":" TIME ",\"name\":" TEXT
			  ",\"person\":" NUMBER_OR_NULL ",\"company\":" NUMBER_OR_NULL
			  ",\"deal\":" NUMBER_OR_NULL ",\"source\":" TEXT_OR_NULL
			  ",\"channel\":" TEXT_OR_NULL ",\"properties\":{\"type\":\"object\"}") },
	{ "Rows",
	  "{\"type\":\"object\",\"description\":\"A page of a list\",\"required\":[\"rows\"],"
	  "\"properties\":{\"rows\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
	  "\"next\":{\"type\":[\"string\",\"null\"],\"description\":\"to be sent as after for the "
	  "next page; null: this is the last\"},\"count\":" NUMBER "}}" },
	{ "User", OBJECT("\"user\":" NUMBER ",\"name\":" TEXT ",\"email\":" TEXT ",\"role\":" TEXT
			 ",\"language\":" TEXT_OR_NULL ",\"disabled\":" YES_NO
			 ",\"has_password\":" YES_NO ",\"totp\":" YES_NO ",\"created\":" TIME) },
	{ "Key",
	  OBJECT("\"key\":" NUMBER ",\"name\":" TEXT ",\"kind\":{\"type\":\"string\",\"enum\":["
		 "\"write\",\"secret\"]},\"hint\":" TEXT
		 ",\"scopes\":{\"type\":\"array\",\"items\":" TEXT "},\"revoked\":" YES_NO
		 ",\"created\":" TIME ",\"used\":" TEXT_OR_NULL
		 ",\"token\":{\"type\":\"string\",\"description\":\"the whole key, once, in the "
		 "answer that makes it\"}") },
	{ "Object", "{\"type\":\"object\"}" },
	{ "Funnel",
	  OBJECT("\"steps\":{\"type\":\"array\",\"items\":" REF(
		  "FunnelStep") "},"
				"\"groups\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
				"\"rules\":{\"type\":\"object\",\"description\":\"every parameter that was "
				"used\"},\"snapshot\":" NUMBER) },
	{ "FunnelStep", OBJECT("\"step\":" NUMBER ",\"name\":" TEXT ",\"count\":" NUMBER
			       ",\"from_previous\":{\"type\":[\"number\",\"null\"]},"
			       "\"from_first\":{\"type\":[\"number\",\"null\"]},"
			       "\"median_seconds\":{\"type\":[\"number\",\"null\"]},"
			       "\"p90_seconds\":{\"type\":[\"number\",\"null\"]}") },
};

static const struct tag tags[] = {
	{ "funnel", "How many came how far, and who they are" },
	{ "people", "People: lists, one person, their journey" },
	{ "companies", "Companies" },
	{ "deals", "Deals" },
	{ "work", "What is done by hand: each is a touch, and can be undone" },
	{ "touches", "What happened" },
	{ "sources", "Where people come from" },
	{ "rules", "The rule language" },
	{ "search", "One field for everything" },
	{ "imports", "Files in" },
	{ "live", "What happens, as it happens" },
	{ "settings", "Stages, privacy, the workspace" },
	{ "account", "One's own account" },
	{ "users", "Who may sign in" },
	{ "keys", "Write keys and secret keys" },
	{ "audit", "Who changed what" },
	{ "session", "Signing in and out" },
	{ "collect", "Touches from sites and programs, in Segment's shapes, with a write key" },
	{ "operations", "This server" },
};

const struct schema *schema_at(size_t i)
{
	return i < ARRAY_LEN(schemas) ? &schemas[i] : NULL;
}

const struct schema *schema_find(str name)
{
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
		if (str_eq(name, str_of(schemas[i].name)))
			return &schemas[i];
	}
	return NULL;
}

const struct tag *tag_at(size_t i)
{
	return i < ARRAY_LEN(tags) ? &tags[i] : NULL;
}
