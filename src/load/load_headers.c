/*
 * load_headers.c - what other systems call our fields, in English and German.
 *
 * What it is:   folding of headers to one spelling; a table of synonyms as HubSpot, Salesforce,
 *               Apollo and Pipedrive write them in their exports; recognising a file's kind.
 * Promises:     a plain header wins over a synonym, a synonym that stands earlier in the table over
 *               a later one; what is found nowhere is a trait.
 */
#include "load/load_int.h"

#include <string.h>

#define E  (1u << LOAD_EVENTS)
#define P  (1u << LOAD_PEOPLE)
#define C  (1u << LOAD_COMPANIES)
#define D  (1u << LOAD_DEALS)
#define SP (1u << LOAD_SPEND)

struct synonym {
	const char *folded; /* as header_fold writes it */
	const char *field;
	unsigned kinds;
};

/* Of two headers of a file that mean the same field, the one that stands earlier here has it. */
static const struct synonym SYNONYMS[] = {
	/* people: who */
	{ "record_id", "external_id", P | C | D },
	{ "id", "external_id", P | C | D },
	{ "contact_id", "external_id", P },
	{ "lead_id", "external_id", P },
	{ "apollo_contact_id", "external_id", P },
	{ "person_id", "external_id", P },
	{ "kontakt_id", "external_id", P },
	{ "datensatz_id", "external_id", P | C | D },
	{ "e_mail", "email", P | E },
	{ "mail", "email", P | E },
	{ "email_address", "email", P | E },
	{ "e_mail_address", "email", P | E },
	{ "e_mail_adresse", "email", P | E },
	{ "emailadresse", "email", P | E },
	{ "work_email", "email", P },
	{ "business_email", "email", P },
	{ "email_work", "email", P },
	{ "e_mail_geschaftlich", "email", P },
	{ "firstname", "first_name", P },
	{ "given_name", "first_name", P },
	{ "vorname", "first_name", P },
	{ "lastname", "last_name", P },
	{ "surname", "last_name", P },
	{ "family_name", "last_name", P },
	{ "nachname", "last_name", P },
	{ "familienname", "last_name", P },
	{ "fullname", "full_name", P },
	{ "name", "full_name", P },
	{ "contact_name", "full_name", P },
	{ "vollstandiger_name", "full_name", P },
	{ "email_verification_status", "email_status", P },
	{ "phone_number", "phone", P | C },
	{ "work_direct_phone", "phone", P },
	{ "first_phone", "phone", P },
	{ "phone_work", "phone", P },
	{ "telephone", "phone", P | C },
	{ "telefon", "phone", P | C },
	{ "telefonnummer", "phone", P | C },
	{ "business_phone", "phone", P },
	{ "mobile_phone", "mobile", P },
	{ "mobile_phone_number", "mobile", P },
	{ "mobile_number", "mobile", P },
	{ "phone_mobile", "mobile", P },
	{ "mobil", "mobile", P },
	{ "handy", "mobile", P },
	{ "mobiltelefon", "mobile", P },
	{ "mobilnummer", "mobile", P },
	{ "mobiltelefonnummer", "mobile", P },
	{ "job_title", "title", P },
	{ "jobtitle", "title", P },
	{ "position", "title", P },
	{ "jobtitel", "title", P },
	{ "berufsbezeichnung", "title", P },
	{ "stellenbezeichnung", "title", P },
	{ "departments", "department", P },
	{ "abteilung", "department", P },
	{ "street_address", "street", P | C },
	{ "mailing_street", "street", P },
	{ "billing_street", "street", C },
	{ "strasse", "street", P | C },
	{ "zip", "postal_code", P | C },
	{ "zip_code", "postal_code", P | C },
	{ "mailing_zip_postal_code", "postal_code", P },
	{ "billing_zip_postal_code", "postal_code", C },
	{ "plz", "postal_code", P | C },
	{ "postleitzahl", "postal_code", P | C },
	{ "mailing_city", "city", P },
	{ "billing_city", "city", C },
	{ "company_city", "city", C },
	{ "stadt", "city", P | C },
	{ "ort", "city", P | C },
	{ "state", "region", P | C },
	{ "state_region", "region", P | C },
	{ "state_province", "region", P | C },
	{ "mailing_state_province", "region", P },
	{ "billing_state_province", "region", C },
	{ "company_state", "region", C },
	{ "bundesland", "region", P | C },
	{ "bundesland_region", "region", P | C },
	{ "country_region", "country", P | C },
	{ "mailing_country", "country", P },
	{ "billing_country", "country", C },
	{ "company_country", "country", C },
	{ "land", "country", P | C },
	{ "land_region", "country", P | C },
	{ "person_linkedin_url", "linkedin_url", P },
	{ "linkedin", "linkedin_url", P | C },
	{ "linkedin_profile", "linkedin_url", P },
	{ "linkedin_profil", "linkedin_url", P },
	{ "contact_owner", "owner", P },
	{ "lead_owner", "owner", P },
	{ "kontakt_inhaber", "owner", P },
	{ "zustandiger_mitarbeiter", "owner", P | C | D },
	{ "user_name", "user_id", E },
	{ "userid", "user_id", P | E },
	{ "anonymousid", "anonymous_id", P | E },
	/* the company of a person, a deal, an event */
	{ "company", "company_name", P | D | E },
	{ "company_account", "company_name", P },
	{ "account_name", "company_name", P | D },
	{ "associated_company", "company_name", P | D },
	{ "organization", "company_name", P | D },
	{ "organisation", "company_name", P | D },
	{ "organization_name", "company_name", P | D },
	{ "firma", "company_name", P | D | E },
	{ "firmenname", "company_name", P | D | E },
	{ "unternehmen", "company_name", P | D | E },
	{ "unternehmensname", "company_name", P | D | E },
	{ "name_des_unternehmens", "company_name", P | D },
	{ "company_domain_name", "company_domain", P | D },
	{ "website", "company_domain", P },
	{ "website_url", "company_domain", P },
	{ "company_website", "company_domain", P | D },
	{ "associated_company_domain", "company_domain", P | D },
	{ "webseite", "company_domain", P },
	{ "account_id", "company_id", P | D },
	{ "apollo_account_id", "company_id", P },
	{ "associated_company_id", "company_id", P | D },
	{ "associated_company_ids_primary", "company_id", P | D },
	{ "organization_id", "company_id", P | D },
	{ "company_record_id", "company_id", P | D },
	{ "industry", "company_industry", P },
	{ "branche", "company_industry", P },
	{ "employees", "company_employees", P },
	{ "number_of_employees", "company_employees", P },
	{ "no_of_employees", "company_employees", P },
	{ "company_size", "company_employees", P },
	{ "mitarbeiterzahl", "company_employees", P },
	{ "annual_revenue", "company_revenue", P },
	{ "jahresumsatz", "company_revenue", P },
	{ "total_funding", "company_funding_total", P },
	{ "technologies", "company_technologies", P },
	{ "corporate_phone", "company_phone", P },
	/* companies */
	{ "company_id", "external_id", C },
	{ "account_id", "external_id", C },
	{ "apollo_account_id", "external_id", C },
	{ "organization_id", "external_id", C },
	{ "unternehmens_id", "external_id", C },
	{ "company_name", "name", C },
	{ "company", "name", C },
	{ "account_name", "name", C },
	{ "account", "name", C },
	{ "organization_name", "name", C },
	{ "firma", "name", C },
	{ "firmenname", "name", C },
	{ "unternehmen", "name", C },
	{ "unternehmensname", "name", C },
	{ "name_des_unternehmens", "name", C },
	{ "company_domain_name", "domain", C },
	{ "company_domain", "domain", C },
	{ "website", "domain", C },
	{ "website_url", "domain", C },
	{ "webseite", "domain", C },
	{ "domain_name_des_unternehmens", "domain", C },
	{ "sector", "industry", C },
	{ "branche", "industry", C },
	{ "number_of_employees", "employees", C },
	{ "no_of_employees", "employees", C },
	{ "mitarbeiter", "employees", C },
	{ "mitarbeiterzahl", "employees", C },
	{ "anzahl_der_mitarbeiter", "employees", C },
	{ "annual_revenue", "revenue", C },
	{ "umsatz", "revenue", C },
	{ "jahresumsatz", "revenue", C },
	{ "year_founded", "founded", C },
	{ "founded_year", "founded", C },
	{ "year_established", "founded", C },
	{ "grundungsjahr", "founded", C },
	{ "total_funding", "funding_total", C },
	{ "technologien", "technologies", C },
	{ "company_linkedin_url", "linkedin_url", C },
	{ "linkedin_company_page", "linkedin_url", C },
	{ "company_phone", "phone", C },
	{ "company_owner", "owner", C },
	{ "account_owner", "owner", C },
	/* deals */
	{ "deal_id", "external_id", D },
	{ "opportunity_id", "external_id", D },
	{ "opportunityid", "external_id", D },
	{ "deal_name", "name", D },
	{ "dealname", "name", D },
	{ "deal_title", "name", D },
	{ "opportunity_name", "name", D },
	{ "title", "name", D },
	{ "deal_stage", "stage", D },
	{ "dealstage", "stage", D },
	{ "to_stage", "stage", D },
	{ "stagename", "stage", D },
	{ "deal_phase", "stage", D },
	{ "phase", "stage", D },
	{ "from_stage", "stage_from", D },
	{ "stage_change_date", "stage_at", D },
	{ "last_stage_change_date", "stage_at", D },
	{ "last_stage_change", "stage_at", D },
	{ "sales_pipeline", "pipeline", D },
	{ "deal_pipeline", "pipeline", D },
	{ "value", "amount", D },
	{ "deal_value", "amount", D },
	{ "close_value", "amount", D },
	{ "betrag", "amount", D | SP },
	{ "wert", "amount", D },
	{ "amount_currency", "currency", D | SP },
	{ "deal_currency_code", "currency", D },
	{ "currency_of_value", "currency", D },
	{ "deal_currency_of_value", "currency", D },
	{ "currency_code", "currency", D | SP | E | C },
	{ "wahrung", "currency", D | SP | E | C | P },
	{ "close_date", "closed_at", D },
	{ "closed_date", "closed_at", D },
	{ "closed_on", "closed_at", D },
	{ "deal_closed_on", "closed_at", D },
	{ "abschlussdatum", "closed_at", D },
	{ "is_closed_won", "won", D },
	{ "is_won", "won", D },
	{ "status", "won", D },
	{ "deal_status", "won", D },
	{ "gewonnen", "won", D },
	{ "closed_lost_reason", "loss_reason", D },
	{ "lost_reason", "loss_reason", D },
	{ "deal_lost_reason", "loss_reason", D },
	{ "verlustgrund", "loss_reason", D },
	{ "grund_fur_verlust", "loss_reason", D },
	{ "main_competitor", "competitor", D },
	{ "wettbewerber", "competitor", D },
	{ "deal_owner", "owner", D },
	{ "opportunity_owner", "owner", D },
	{ "sales_agent", "owner", D },
	{ "besitzer", "owner", D },
	{ "contact_email", "person_email", D },
	{ "email", "person_email", D },
	{ "e_mail", "person_email", D },
	{ "person_email_work", "person_email", D },
	{ "primary_contact_email", "person_email", D },
	{ "contact_id", "person_external_id", D },
	{ "associated_contact_ids", "person_external_id", D },
	/* when */
	{ "create_date", "created_at", P | C | D },
	{ "created_date", "created_at", P | C | D },
	{ "createdate", "created_at", P | C | D },
	{ "created", "created_at", P | C | D },
	{ "deal_created", "created_at", D },
	{ "erstellungsdatum", "created_at", P | C | D },
	{ "erstellt_am", "created_at", P | C | D },
	{ "last_modified_date", "updated_at", P | C | D },
	{ "lastmodifieddate", "updated_at", P | C | D },
	{ "last_modified", "updated_at", P | C | D },
	{ "updated_at_date", "updated_at", P | C | D },
	{ "letzte_anderung", "updated_at", P | C | D },
	{ "zuletzt_geandert_am", "updated_at", P | C | D },
	{ "lifecyclestage", "lifecycle_stage", P },
	{ "lifecycle_phase", "lifecycle_stage", P },
	{ "timestamp", "at", E },
	{ "time", "at", E },
	{ "datetime", "at", E },
	{ "date", "at", E },
	{ "occurred_at", "at", E },
	{ "zeitpunkt", "at", E },
	{ "datum", "at", E },
	{ "event", "name", E },
	{ "event_name", "name", E },
	{ "ereignis", "name", E },
	{ "messageid", "message_id", E },
	{ "event_id", "message_id", E },
	{ "deal_id", "deal", E },
	{ "revenue", "value", E },
	{ "wert", "value", E },
	{ "page_url", "url", E | P },
	{ "first_page_seen", "url", P },
	{ "day", "date", SP },
	{ "datum", "date", SP },
	{ "tag", "date", SP },
	{ "cost", "amount", SP },
	{ "spend", "amount", SP },
	{ "amount_spent", "amount", SP },
	{ "kosten", "amount", SP },
	{ "ausgaben", "amount", SP },
	/* from where */
	{ "original_source", "source", P | C | D },
	{ "original_traffic_source", "source", P | C | D },
	{ "original_source_type", "source", P | C | D },
	{ "lead_source", "source", P | D },
	{ "utm_source", "source", P | D | E | SP },
	{ "quelle", "source", P | C | D | E | SP },
	{ "ursprungliche_quelle", "source", P | C | D },
	{ "lead_quelle", "source", P | D },
	{ "channel", "source", SP },
	{ "kanal", "source", SP },
	{ "utm_medium", "medium", P | D | E | SP },
	{ "utm_campaign", "campaign", P | D | E | SP },
	{ "campaign_name", "campaign", P | E | SP },
	{ "kampagne", "campaign", P | D | E | SP },
	{ "utm_content", "content", P | D | E | SP },
	{ "ad_name", "content", SP },
	{ "utm_term", "term", P | D | E | SP },
	{ "keyword", "term", SP },
	{ "referer", "referrer", P | E },
};

static bool is_word(unsigned char c)
{
	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* "E-Mail" -> "e_mail", "# Employees" -> "employees", "ad_spend.google" as it is. */
str header_fold(struct arena *a, str header)
{
	str folded = str_fold(a, str_trim(header));
	char *p = folded.p ? arena_alloc(a, folded.n + 1) : NULL;
	if (!p)
		return (str){ NULL, 0 };
	size_t n = 0;
	for (size_t i = 0; i < folded.n; i++) {
		unsigned char c = (unsigned char)folded.p[i];
		bool dot = c == '.' && n > 0 && is_word((unsigned char)p[n - 1]) &&
			   i + 1 < folded.n && is_word((unsigned char)folded.p[i + 1]);
		if (is_word(c) || dot)
			p[n++] = (char)c;
		else if (n > 0 && p[n - 1] != '_')
			p[n++] = '_';
	}
	while (n > 0 && p[n - 1] == '_')
		n--;
	return str_make(p, n);
}

static const struct field_info *synonym_find(enum load_kind kind, str folded, size_t *rank_r)
{
	for (size_t i = 0; i < ARRAY_LEN(SYNONYMS); i++) {
		if ((SYNONYMS[i].kinds & (1u << kind)) &&
		    str_eq(folded, str_of(SYNONYMS[i].folded))) {
			*rank_r = i + 1;
			return field_find(kind, str_of(SYNONYMS[i].field));
		}
	}
	return NULL;
}

const struct field_info *header_find(enum load_kind kind, str folded, size_t *rank_r)
{
	const struct field_info *f = field_find(kind, folded);
	if (f) {
		*rank_r = 0;
		return f;
	}
	f = synonym_find(kind, folded, rank_r);
	if (f)
		return f;
	/* "Person - Email", "Deal - Stage", "Organization - Name" */
	static const char *const OWN[LOAD_KINDS_N] = { [LOAD_PEOPLE] = "person_",
						       [LOAD_COMPANIES] = "organization_",
						       [LOAD_DEALS] = "deal_" };
	if (!OWN[kind] || !str_starts(folded, str_of(OWN[kind])))
		return NULL;
	str rest = str_sub(folded, strlen(OWN[kind]), folded.n);
	f = field_find(kind, rest);
	*rank_r = ARRAY_LEN(SYNONYMS) + 1;
	if (f)
		return f;
	f = synonym_find(kind, rest, rank_r);
	*rank_r += ARRAY_LEN(SYNONYMS) + 1;
	return f;
}

/* Headers that a kind has and others have not, with weights. */
struct sign {
	enum load_kind kind;
	const char *field;
	int weight;
};
static const struct sign SIGNS[] = {
	{ LOAD_EVENTS, "at", 3 },	    { LOAD_EVENTS, "name", 2 },
	{ LOAD_EVENTS, "anonymous_id", 3 }, { LOAD_EVENTS, "message_id", 2 },
	{ LOAD_PEOPLE, "email", 3 },	    { LOAD_PEOPLE, "first_name", 4 },
	{ LOAD_PEOPLE, "last_name", 4 },    { LOAD_PEOPLE, "full_name", 1 },
	{ LOAD_PEOPLE, "title", 1 },	    { LOAD_PEOPLE, "lifecycle_stage", 1 },
	{ LOAD_PEOPLE, "mobile", 2 },	    { LOAD_COMPANIES, "domain", 2 },
	{ LOAD_COMPANIES, "employees", 3 }, { LOAD_COMPANIES, "industry", 2 },
	{ LOAD_COMPANIES, "name", 1 },	    { LOAD_COMPANIES, "revenue", 1 },
	{ LOAD_COMPANIES, "founded", 2 },   { LOAD_DEALS, "stage", 4 },
	{ LOAD_DEALS, "pipeline", 3 },	    { LOAD_DEALS, "amount", 2 },
	{ LOAD_DEALS, "closed_at", 3 },	    { LOAD_DEALS, "loss_reason", 2 },
	{ LOAD_SPEND, "date", 2 },	    { LOAD_SPEND, "amount", 3 },
	{ LOAD_SPEND, "campaign", 1 },	    { LOAD_SPEND, "source", 1 },
};

bool kind_recognise(const str *headers, size_t n, struct arena *a, enum load_kind *kind_r)
{
	int scores[LOAD_KINDS_N] = { 0 };
	for (size_t i = 0; i < n; i++) {
		str folded = header_fold(a, headers[i]);
		for (int kind = 0; kind < LOAD_KINDS_N; kind++) {
			size_t rank;
			const struct field_info *f = header_find((enum load_kind)kind, folded,
								 &rank);
			for (size_t s = 0; f && s < ARRAY_LEN(SIGNS); s++) {
				if (SIGNS[s].kind == (enum load_kind)kind &&
				    strcmp(SIGNS[s].field, f->name) == 0)
					scores[kind] += SIGNS[s].weight;
			}
		}
	}
	int best = 0;
	bool tied = false;
	for (int kind = 1; kind < LOAD_KINDS_N; kind++) {
		if (scores[kind] > scores[best]) {
			best = kind;
			tied = false;
		} else if (scores[kind] == scores[best]) {
			tied = true;
		}
	}
	*kind_r = (enum load_kind)best;
	return !tied && scores[best] >= 3;
}
