/*
 * test_people.c - rows of people and companies: headers, stages, traits.
 */
#include "unit/load/load_test.h"

static void plain_headers_need_no_map(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv",
	     "external_id,first_name,email,company_name,company_domain,company_employees,source,obtained_at\n"
	     "7,Ana,ana@example.com,Beispiel GmbH,https://www.Beispiel.de/kontakt,12,fair,2026-01-02\n");
	assert_touches(
		l,
		"person_updated IMPORT external=7 email=ana@example.com company=Beispiel GmbH "
		"domain=beispiel.de source=fair {first_name:text=Ana, obtained_at:date=2026-01-02}\n"
		"company_updated IMPORT company=Beispiel GmbH domain=beispiel.de "
		"{employees:number=12, name:text=Beispiel GmbH}\n");
	counts(l, 1, 1, 0, 0);
	assert_int_equal(l->r.people_new, 1);
	assert_int_equal(l->r.touches, 2);
}

static void hubspots_became_dates_are_stages(void **state)
{
	struct loading *l = *state;
	load(l, "contacts.csv",
	     "\"Record ID\",\"First Name\",\"Email\",\"Lifecycle Stage\",\"Became a Lead Date\","
	     "\"Became a Marketing Qualified Lead Date\",\"Became a Customer Date\",\"Original Source\"\n"
	     "1,Ana,a@b.de,customer,2025-01-02 10:00,2025-01-05 11:30,2025-03-01,Organic Search\n"
	     "2,Bob,b@b.de,marketingqualifiedlead,2025-01-03 10:00,,,Paid Search\n");
	assert_touches(
		l,
		"person_updated IMPORT external=1 email=a@b.de {first_name:text=Ana}\n"
		"stage_entered 2025-01-02T10:00:00Z external=1 email=a@b.de source=Organic Search {stage:text=lead}\n"
		"stage_entered 2025-01-05T11:30:00Z external=1 email=a@b.de source=Organic Search {stage:text=mql}\n"
		"stage_entered 2025-03-01T00:00:00Z external=1 email=a@b.de source=Organic Search {stage:text=customer}\n"
		"person_updated IMPORT external=2 email=b@b.de {first_name:text=Bob}\n"
		"stage_entered 2025-01-03T10:00:00Z external=2 email=b@b.de source=Paid Search {stage:text=lead}\n"
		"stage_entered IMPORT external=2 email=b@b.de source=Paid Search {stage:text=mql}\n");
}

static void a_stage_without_its_date_comes_after_those_with_one(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv",
	     "email,Lifecycle Stage,Create Date,Became a Marketing Qualified Lead Date\n"
	     "a@b.de,Kunde,2020-01-01,2021-05-05\n");
	assert_has(dump(l),
		   "stage_entered 2021-05-05T00:00:00Z email=a@b.de {stage:text=customer}\n");
}

static void german_headers_and_numbers_are_read(void **state)
{
	struct loading *l = *state;
	load(l, "k.csv",
	     "Vorname;Nachname;E-Mail;Firma;Mitarbeiterzahl;Jahresumsatz;Erstellt am;Lifecycle-Phase\n"
	     "J\xC3\xB6rg;Gro\xC3\x9F;joerg@gross.de;Gro\xC3\x9F AG;1.200;1.234.567,50 \xE2\x82\xAC;31.01.2025;Kunde\n");
	assert_touches(
		l,
		"person_updated IMPORT email=joerg@gross.de company=Gro\xC3\x9F AG {created_at:date=2025-01-31, "
		"first_name:text=J\xC3\xB6rg, last_name:text=Gro\xC3\x9F}\n"
		"company_updated IMPORT company=Gro\xC3\x9F AG {employees:number=1200, name:text=Gro\xC3\x9F AG, "
		"revenue:money=1234567.50 EUR}\n"
		"stage_entered 2025-01-31T00:00:00Z email=joerg@gross.de company=Gro\xC3\x9F AG "
		"{stage:text=customer}\n");
}

static void salesforce_apollo_and_pipedrive_headers_are_known(void **state)
{
	static const struct {
		const char *header, *row, *touch;
	} CASES[] = {
		{ "Lead ID,First Name,Company / Account,Lead Source,Mailing City,Email",
		  "00Q1,Al,Acme,Web,Bonn,al@acme.de",
		  "person_updated IMPORT external=00Q1 email=al@acme.de company=Acme source=Web {city:text=Bonn, "
		  "first_name:text=Al}\n" },
		{ "First Name,Title,Company,Email,Email Status,# Employees,Person Linkedin Url,Website",
		  "Al,CEO,Acme,al@acme.de,Verified,50,http://linkedin.com/in/al,http://acme.de",
		  "person_updated IMPORT email=al@acme.de company=Acme domain=acme.de {email_status:text=Verified, "
		  "first_name:text=Al, linkedin_url:text=http://linkedin.com/in/al, title:text=CEO}\n" },
		{ "Person - ID,Person - Name,Person - Email - Work,Person - Organization",
		  "9,Al Bo,al@acme.de,Acme",
		  "person_updated IMPORT external=9 email=al@acme.de company=Acme {full_name:text=Al Bo}\n" },
	};
	struct loading *l = *state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		char text[1024];
		snprintf(text, sizeof text, "%s\n%s\n", CASES[i].header, CASES[i].row);
		fake_fini(&l->j);
		fake_init(&l->j);
		kind(l, LOAD_PEOPLE);
		load(l, "x.csv", text);
		assert_has(dump(l), CASES[i].touch);
	}
}

static void columns_that_nothing_maps_become_typed_traits(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv",
	     "email,Lead Score,Newsletter,Interests,Signed,Seen,Budget,Code,Note\n"
	     "a@b.de,12,yes,a;b,2026-01-02,2026-01-02 10:00,EUR 12.50,01067,\"Call back; he is busy. Really.\"\n"
	     "c@d.de,1.5,no,c,2026-01-03,2026-01-03 11:00,3.00 EUR,12345,x\n");
	assert_touches(
		l,
		"person_updated IMPORT email=a@b.de {budget:money=12.50 EUR, code:text=01067, interests:list=a;b, lead_score:number=12, "
		"newsletter:yes/no=true, note:text=Call back; he is busy. Really., seen:time=2026-01-02T10:00:00Z, "
		"signed:date=2026-01-02}\n"
		"person_updated IMPORT email=c@d.de {budget:money=3.00 EUR, code:text=12345, interests:list=c, lead_score:number=1.5, "
		"newsletter:yes/no=false, note:text=x, seen:time=2026-01-03T11:00:00Z, signed:date=2026-01-03}\n");
	assert_has(notes(l),
		   "Kept as traits: lead_score (number), newsletter (yes/no), interests (list), "
		   "signed (date), seen (time), budget (money), code (text), note (text).");
}

static void a_value_that_does_not_fit_its_column_stays_text(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "email,Lead Score\na@b.de,12\nb@b.de,n/a\nc@b.de,13\n");
	assert_has(dump(l), "email=a@b.de {lead_score:number=12}");
	assert_has(dump(l), "email=b@b.de {lead_score:text=n/a}");
	assert_has(
		notes(l),
		"Lead Score: 1 value did not read as number and stayed text; the first is \"n/a\" "
		"in line 3.");
}

static void two_columns_never_feed_one_field(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "Work Email,E-Mail,first_name,Vorname\nw@b.de,e@b.de,A,B\n");
	assert_touches(l, "person_updated IMPORT email=e@b.de {first_name:text=A, vorname:text=B, "
			  "work_email:text=w@b.de}\n");
}

static void an_unknown_stage_stays_a_trait_and_is_told(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "email,lifecycle_stage\na@b.de,subscriber\n");
	assert_touches(l, "person_updated IMPORT email=a@b.de {lifecycle_stage:text=subscriber}\n");
	assert_has(notes(l), "\"subscriber\" is none of ours");
}

static void a_date_of_an_evangelist_is_no_stage(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "email,Became an Evangelist Date\na@b.de,2026-01-02\n");
	assert_touches(
		l,
		"person_updated IMPORT email=a@b.de {became_an_evangelist_date:date=2026-01-02}\n");
}

static void external_ids_carry_their_system(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "external_id,email\nhubspot:7;9,a@b.de\nhttp://x.de/1,b@b.de\n");
	assert_touches(l, "person_updated IMPORT external=hubspot:7 external=9 email=a@b.de\n"
			  "person_updated IMPORT external=http://x.de/1 email=b@b.de\n");
}

static void a_profile_link_stands_in_for_a_missing_id(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv", "email,linkedin_url,first_name\n,http://linkedin.com/in/a,\n");
	assert_touches(l, "person_updated IMPORT external=linkedin:http://linkedin.com/in/a "
			  "{linkedin_url:text=http://linkedin.com/in/a}\n");
}

static void what_a_hundred_people_say_of_one_company_is_said_once(void **state)
{
	struct loading *l = *state;
	load(l, "p.csv",
	     "email,company_name,company_employees\na@b.de,B,5\nc@b.de,B,5\nd@b.de,B,6\n");
	assert_int_equal(l->j.touches.n, 5);
	counts(l, 3, 3, 0, 0);
}

static void companies_are_read(void **state)
{
	struct loading *l = *state;
	load(l, "c.csv",
	     "Record ID,Company name,Company Domain Name,Number of Employees,Annual Revenue,Industry,technologies,"
	     "ad_spend.google,Year Founded,Owner Hint\n"
	     "5,Acme,acme.de,250,\"1,000.5\",Banking,HubSpot;Slack,seen,1999,x\n");
	assert_touches(
		l, "company_updated IMPORT company=Acme domain=acme.de company_id=5 "
		   "{ad_spend.google:text=seen, domain:text=acme.de, employees:number=250, "
		   "founded:number=1999, industry:text=Banking, name:text=Acme, owner_hint:text=x, "
		   "revenue:money=1000.50 EUR, technologies:list=HubSpot;Slack}\n");
	assert_int_equal(l->r.companies_new, 1);
	assert_has(notes(l), "1 amount without a currency read as EUR");
}

static void an_option_says_which_column_feeds_a_field(void **state)
{
	static const char *const PAIRS[] = { "email=Kontakt", "title=Rolle", "colour=Farbe",
					     "currency=USD" };
	struct loading *l = *state;
	kind(l, LOAD_PEOPLE);
	l->o.map_pairs = PAIRS;
	l->o.map_pairs_n = 4;
	load(l, "p.csv", "Kontakt,Rolle,Farbe,company_name,company_revenue\na@b.de,CEO,red,B,5\n");
	assert_has(
		dump(l),
		"person_updated IMPORT email=a@b.de company=B {colour:text=red, title:text=CEO}\n");
	assert_has(dump(l), "revenue:money=5.00 USD");
	static const char *const WRONG[] = { "emial=Kontakt" };
	l->o.map_pairs = WRONG;
	l->o.map_pairs_n = 1;
	assert_fails(l, try_load(l, "p.csv", "Kontakt\na@b.de\n"),
		     "people have no field \"emial\" (did you mean \"email\"?)");
	static const char *const MISSING[] = { "email=Kontackt" };
	l->o.map_pairs = MISSING;
	assert_fails(l, try_load(l, "p.csv", "Kontakt\na@b.de\n"), "did you mean \"Kontakt\"?");
}

static void json_lines_of_people_carry_their_types(void **state)
{
	struct loading *l = *state;
	kind(l, LOAD_PEOPLE);
	load(l, "p.jsonl",
	     "{\"email\":\"a@b.de\",\"score\":12,\"ok\":true,\"tags\":[\"x\",\"y\"],\"code\":\"123\",\"on\":\"2026-01-02\"}\n"
	     "{\"email\":\"c@b.de\",\"late\":1.5,\"deep\":{\"er\":\"v\"}}\n");
	assert_touches(
		l,
		"person_updated IMPORT email=a@b.de {code:text=123, ok:yes/no=true, on:date=2026-01-02, score:number=12, "
		"tags:list=x;y}\n"
		"person_updated IMPORT email=c@b.de {deep.er:text=v, late:number=1.5}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plain_headers_need_no_map),
		TEST(hubspots_became_dates_are_stages),
		TEST(a_stage_without_its_date_comes_after_those_with_one),
		TEST(german_headers_and_numbers_are_read),
		TEST(salesforce_apollo_and_pipedrive_headers_are_known),
		TEST(columns_that_nothing_maps_become_typed_traits),
		TEST(a_value_that_does_not_fit_its_column_stays_text),
		TEST(two_columns_never_feed_one_field),
		TEST(an_unknown_stage_stays_a_trait_and_is_told),
		TEST(a_date_of_an_evangelist_is_no_stage),
		TEST(external_ids_carry_their_system),
		TEST(a_profile_link_stands_in_for_a_missing_id),
		TEST(what_a_hundred_people_say_of_one_company_is_said_once),
		TEST(companies_are_read),
		TEST(an_option_says_which_column_feeds_a_field),
		TEST(json_lines_of_people_carry_their_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
