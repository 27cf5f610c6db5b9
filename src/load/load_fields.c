/*
 * load_fields.c - the fields of each kind: the plain headers that need no map.
 *
 * What it is:   tables of name, purpose and type, one per kind.
 * Promises:     a header that is written exactly so always means this field.
 */
#include "load/load_int.h"

static const struct field_info PEOPLE[] = {
	{ "external_id", ROLE_EXTERNAL_ID, CELL_TEXT, false },
	{ "user_id", ROLE_USER_ID, CELL_TEXT, false },
	{ "anonymous_id", ROLE_ANONYMOUS_ID, CELL_TEXT, false },
	{ "email", ROLE_EMAIL, CELL_TEXT, false },
	{ "message_id", ROLE_MESSAGE_ID, CELL_TEXT, false },
	{ "first_name", ROLE_PROP, CELL_TEXT, false },
	{ "last_name", ROLE_PROP, CELL_TEXT, false },
	{ "full_name", ROLE_PROP, CELL_TEXT, false },
	{ "email_status", ROLE_PROP, CELL_TEXT, false },
	{ "phone", ROLE_PROP, CELL_TEXT, false },
	{ "mobile", ROLE_PROP, CELL_TEXT, false },
	{ "title", ROLE_PROP, CELL_TEXT, false },
	{ "role", ROLE_PROP, CELL_TEXT, false },
	{ "seniority", ROLE_PROP, CELL_TEXT, false },
	{ "department", ROLE_PROP, CELL_TEXT, false },
	{ "role_since", ROLE_PROP, CELL_DATE, false },
	{ "street", ROLE_PROP, CELL_TEXT, false },
	{ "postal_code", ROLE_PROP, CELL_TEXT, false },
	{ "city", ROLE_PROP, CELL_TEXT, false },
	{ "region", ROLE_PROP, CELL_TEXT, false },
	{ "country", ROLE_PROP, CELL_TEXT, false },
	{ "linkedin_url", ROLE_LINKEDIN, CELL_TEXT, true },
	{ "owner", ROLE_PROP, CELL_TEXT, false },
	{ "company_name", ROLE_COMPANY_NAME, CELL_TEXT, false },
	{ "company_domain", ROLE_COMPANY_DOMAIN, CELL_TEXT, false },
	{ "company_id", ROLE_COMPANY_ID, CELL_TEXT, false },
	{ "source", ROLE_SOURCE, CELL_TEXT, false },
	{ "medium", ROLE_MEDIUM, CELL_TEXT, false },
	{ "campaign", ROLE_CAMPAIGN, CELL_TEXT, false },
	{ "content", ROLE_CONTENT, CELL_TEXT, false },
	{ "term", ROLE_TERM, CELL_TEXT, false },
	{ "referrer", ROLE_REFERRER, CELL_TEXT, false },
	{ "url", ROLE_URL, CELL_TEXT, true },
	{ "at", ROLE_AT, CELL_TIME, false },
	{ "obtained_at", ROLE_OBTAINED_AT, CELL_TIME, true },
	{ "lawful_basis", ROLE_PROP, CELL_TEXT, false },
	{ "created_at", ROLE_CREATED_AT, CELL_TIME, true },
	{ "updated_at", ROLE_UPDATED_AT, CELL_TIME, false },
	{ "lifecycle_stage", ROLE_STAGE, CELL_TEXT, false },
	{ "lifecycle_stage_at", ROLE_STAGE_AT, CELL_TIME, false },
	{ "currency", ROLE_CURRENCY, CELL_TEXT, false },
	{ "company_industry", ROLE_COMPANY_PROP, CELL_TEXT, false },
	{ "company_naics", ROLE_COMPANY_PROP, CELL_TEXT, false },
	{ "company_employees", ROLE_COMPANY_PROP, CELL_NUMBER, false },
	{ "company_revenue", ROLE_COMPANY_PROP, CELL_MONEY, false },
	{ "company_founded", ROLE_COMPANY_PROP, CELL_NUMBER, false },
	{ "company_funding_total", ROLE_COMPANY_PROP, CELL_MONEY, false },
	{ "company_city", ROLE_COMPANY_PROP, CELL_TEXT, false },
	{ "company_region", ROLE_COMPANY_PROP, CELL_TEXT, false },
	{ "company_country", ROLE_COMPANY_PROP, CELL_TEXT, false },
	{ "company_phone", ROLE_COMPANY_PROP, CELL_TEXT, false },
	{ "company_technologies", ROLE_COMPANY_PROP, CELL_LIST, false },
	{ "company_jobs", ROLE_COMPANY_PROP, CELL_LIST, false },
	{ "company_linkedin_url", ROLE_COMPANY_PROP, CELL_TEXT, false },
	{ "company_ad_spend.google", ROLE_COMPANY_PROP, CELL_MONEY, false },
	{ "company_ad_spend.meta", ROLE_COMPANY_PROP, CELL_MONEY, false },
};

static const struct field_info COMPANIES[] = {
	{ "external_id", ROLE_COMPANY_ID, CELL_TEXT, false },
	{ "message_id", ROLE_MESSAGE_ID, CELL_TEXT, false },
	{ "name", ROLE_COMPANY_NAME, CELL_TEXT, true },
	{ "domain", ROLE_COMPANY_DOMAIN, CELL_TEXT, true },
	{ "industry", ROLE_PROP, CELL_TEXT, false },
	{ "naics", ROLE_PROP, CELL_TEXT, false },
	{ "employees", ROLE_PROP, CELL_NUMBER, false },
	{ "revenue", ROLE_PROP, CELL_MONEY, false },
	{ "currency", ROLE_CURRENCY, CELL_TEXT, false },
	{ "founded", ROLE_PROP, CELL_NUMBER, false },
	{ "funding_total", ROLE_PROP, CELL_MONEY, false },
	{ "street", ROLE_PROP, CELL_TEXT, false },
	{ "postal_code", ROLE_PROP, CELL_TEXT, false },
	{ "city", ROLE_PROP, CELL_TEXT, false },
	{ "region", ROLE_PROP, CELL_TEXT, false },
	{ "country", ROLE_PROP, CELL_TEXT, false },
	{ "phone", ROLE_PROP, CELL_TEXT, false },
	{ "ad_spend.google", ROLE_PROP, CELL_MONEY, false },
	{ "ad_spend.meta", ROLE_PROP, CELL_MONEY, false },
	{ "technologies", ROLE_PROP, CELL_LIST, false },
	{ "jobs", ROLE_PROP, CELL_LIST, false },
	{ "linkedin_url", ROLE_PROP, CELL_TEXT, false },
	{ "owner", ROLE_PROP, CELL_TEXT, false },
	{ "source", ROLE_SOURCE, CELL_TEXT, false },
	{ "medium", ROLE_MEDIUM, CELL_TEXT, false },
	{ "campaign", ROLE_CAMPAIGN, CELL_TEXT, false },
	{ "at", ROLE_AT, CELL_TIME, false },
	{ "obtained_at", ROLE_OBTAINED_AT, CELL_TIME, true },
	{ "created_at", ROLE_CREATED_AT, CELL_TIME, true },
	{ "updated_at", ROLE_UPDATED_AT, CELL_TIME, false },
};

static const struct field_info DEALS[] = {
	{ "external_id", ROLE_DEAL_ID, CELL_TEXT, false },
	{ "message_id", ROLE_MESSAGE_ID, CELL_TEXT, false },
	{ "name", ROLE_PROP, CELL_TEXT, false },
	{ "pipeline", ROLE_PROP, CELL_TEXT, false },
	{ "stage", ROLE_STAGE, CELL_TEXT, false },
	{ "stage_at", ROLE_STAGE_AT, CELL_TIME, false },
	{ "stage_from", ROLE_STAGE_FROM, CELL_TEXT, false },
	{ "amount", ROLE_AMOUNT, CELL_MONEY, true },
	{ "currency", ROLE_CURRENCY, CELL_TEXT, false },
	{ "at", ROLE_AT, CELL_TIME, false },
	{ "created_at", ROLE_CREATED_AT, CELL_TIME, false },
	{ "closed_at", ROLE_CLOSED_AT, CELL_TIME, true },
	{ "updated_at", ROLE_UPDATED_AT, CELL_TIME, false },
	{ "won", ROLE_WON, CELL_BOOL, false },
	{ "loss_reason", ROLE_PROP, CELL_TEXT, false },
	{ "competitor", ROLE_PROP, CELL_TEXT, false },
	{ "owner", ROLE_PROP, CELL_TEXT, false },
	{ "person_email", ROLE_EMAIL, CELL_TEXT, false },
	{ "person_external_id", ROLE_EXTERNAL_ID, CELL_TEXT, false },
	{ "person_user_id", ROLE_USER_ID, CELL_TEXT, false },
	{ "company_domain", ROLE_COMPANY_DOMAIN, CELL_TEXT, false },
	{ "company_name", ROLE_COMPANY_NAME, CELL_TEXT, false },
	{ "company_id", ROLE_COMPANY_ID, CELL_TEXT, false },
	{ "source", ROLE_SOURCE, CELL_TEXT, false },
	{ "medium", ROLE_MEDIUM, CELL_TEXT, false },
	{ "campaign", ROLE_CAMPAIGN, CELL_TEXT, false },
	{ "content", ROLE_CONTENT, CELL_TEXT, false },
};

static const struct field_info EVENTS[] = {
	{ "at", ROLE_AT, CELL_TIME, false },
	{ "name", ROLE_NAME, CELL_TEXT, false },
	{ "anonymous_id", ROLE_ANONYMOUS_ID, CELL_TEXT, false },
	{ "user_id", ROLE_USER_ID, CELL_TEXT, false },
	{ "email", ROLE_EMAIL, CELL_TEXT, false },
	{ "external_id", ROLE_EXTERNAL_ID, CELL_TEXT, false },
	{ "message_id", ROLE_MESSAGE_ID, CELL_TEXT, false },
	{ "source", ROLE_SOURCE, CELL_TEXT, false },
	{ "medium", ROLE_MEDIUM, CELL_TEXT, false },
	{ "campaign", ROLE_CAMPAIGN, CELL_TEXT, false },
	{ "content", ROLE_CONTENT, CELL_TEXT, false },
	{ "term", ROLE_TERM, CELL_TEXT, false },
	{ "referrer", ROLE_REFERRER, CELL_TEXT, false },
	{ "url", ROLE_URL, CELL_TEXT, true },
	{ "deal", ROLE_DEAL_ID, CELL_TEXT, false },
	{ "value", ROLE_AMOUNT, CELL_MONEY, true },
	{ "currency", ROLE_CURRENCY, CELL_TEXT, false },
	{ "company_domain", ROLE_COMPANY_DOMAIN, CELL_TEXT, false },
	{ "company_name", ROLE_COMPANY_NAME, CELL_TEXT, false },
	{ "company_id", ROLE_COMPANY_ID, CELL_TEXT, false },
};

static const struct field_info SPEND[] = {
	{ "date", ROLE_AT, CELL_TIME, false },
	{ "source", ROLE_SOURCE, CELL_TEXT, false },
	{ "medium", ROLE_MEDIUM, CELL_TEXT, false },
	{ "campaign", ROLE_CAMPAIGN, CELL_TEXT, false },
	{ "content", ROLE_CONTENT, CELL_TEXT, false },
	{ "term", ROLE_TERM, CELL_TEXT, false },
	{ "amount", ROLE_AMOUNT, CELL_MONEY, true },
	{ "currency", ROLE_CURRENCY, CELL_TEXT, false },
	{ "message_id", ROLE_MESSAGE_ID, CELL_TEXT, false },
};

const struct field_info *field_table(enum load_kind kind, size_t *n_r)
{
	static const struct {
		const struct field_info *fields;
		size_t n;
	} TABLES[LOAD_KINDS_N] = {
		[LOAD_EVENTS] = { EVENTS, ARRAY_LEN(EVENTS) },
		[LOAD_PEOPLE] = { PEOPLE, ARRAY_LEN(PEOPLE) },
		[LOAD_COMPANIES] = { COMPANIES, ARRAY_LEN(COMPANIES) },
		[LOAD_DEALS] = { DEALS, ARRAY_LEN(DEALS) },
		[LOAD_SPEND] = { SPEND, ARRAY_LEN(SPEND) },
	};
	*n_r = TABLES[kind].n;
	return TABLES[kind].fields;
}

const struct field_info *field_find(enum load_kind kind, str name)
{
	size_t n;
	const struct field_info *fields = field_table(kind, &n);
	for (size_t i = 0; i < n; i++) {
		if (str_eq(name, str_of(fields[i].name)))
			return &fields[i];
	}
	return NULL;
}

static const char *const KIND_NAMES[LOAD_KINDS_N] = {
	[LOAD_EVENTS] = "events", [LOAD_PEOPLE] = "people", [LOAD_COMPANIES] = "companies",
	[LOAD_DEALS] = "deals",	  [LOAD_SPEND] = "spend",
};

bool load_kind_parse(str text, enum load_kind *kind_r)
{
	for (int i = 0; i < LOAD_KINDS_N; i++) {
		if (str_eq_nocase(text, str_of(KIND_NAMES[i]))) {
			*kind_r = (enum load_kind)i;
			return true;
		}
	}
	return false;
}

const char *load_kind_name(enum load_kind kind)
{
	return kind >= 0 && kind < LOAD_KINDS_N ? KIND_NAMES[kind] : "unknown";
}
