/*
 * sample_world.c - what the sample company publishes, and where its visitors come from.
 *
 * What it is:   tables. Weights need no sum; chances are brought to the stated averages.
 * Threads:      constants.
 */
#include "load/sample_int.h"

#define LEAD_CHANCE 0.06
#define MQL_CHANCE  0.40
#define PAGES_MAX   8

/* ---- content --------------------------------------------------------------------------------- */

struct shelf {
	str name, zone;
	struct content pages[LANGUAGES_N][PAGES_MAX];
};

/* clang-format off */
static const struct shelf SHELVES[CONTENT_KINDS_N] = {
	[CONTENT_HOME] = { S("home"), S("top"), {
		{ { S("/"), S("Schichtplanung, die aufgeht") } },
		{ { S("/en"), S("Shift planning that works out") } } } },
	[CONTENT_ARTICLE] = { S("article"), S("top"), {
		{ { S("/blog/dienstplan-erstellen"), S("Einen Dienstplan erstellen, der hält") },
		  { S("/blog/arbeitszeitgesetz-ruhezeiten"), S("Ruhezeiten: was das Gesetz verlangt") },
		  { S("/blog/ueberstunden-abbauen"), S("Überstunden abbauen, ohne Streit") },
		  { S("/blog/krankenstand-schicht"), S("Wenn die halbe Schicht krank ist") },
		  { S("/blog/mitarbeiter-halten"), S("Warum gute Leute wegen Dienstplänen gehen") },
		  { S("/blog/excel-dienstplan"), S("Fünf Grenzen des Dienstplans in Excel") },
		  { S("/blog/wunschdienste"), S("Wunschdienste fair vergeben") },
		  { S("/blog/zeiterfassung-pflicht"), S("Zeiterfassung ist Pflicht: was nun?") } },
		{ { S("/en/blog/build-a-rota"), S("How to build a rota that holds") },
		  { S("/en/blog/rest-periods"), S("Rest periods: what the law asks for") },
		  { S("/en/blog/cut-overtime"), S("Cutting overtime without a fight") },
		  { S("/en/blog/sick-leave-cover"), S("When half the shift is ill") },
		  { S("/en/blog/keep-your-people"), S("Why good people leave over rotas") },
		  { S("/en/blog/spreadsheet-rota"), S("Five limits of the spreadsheet rota") },
		  { S("/en/blog/shift-swaps"), S("Fair shift swaps") },
		  { S("/en/blog/time-tracking"), S("Time tracking without the grumbling") } } } },
	[CONTENT_GUIDE] = { S("guide"), S("top"), {
		{ { S("/leitfaden/schichtmodelle"), S("Schichtmodelle im Vergleich") },
		  { S("/leitfaden/personalbedarf"), S("Personalbedarf berechnen") },
		  { S("/leitfaden/betriebsrat"), S("Dienstplan und Betriebsrat") } },
		{ { S("/en/guides/shift-patterns"), S("Shift patterns compared") },
		  { S("/en/guides/staffing-needs"), S("Working out staffing needs") },
		  { S("/en/guides/works-council"), S("Rotas and the works council") } } } },
	[CONTENT_CASE_STUDY] = { S("case_study"), S("middle"), {
		{ { S("/kunden/klinik"), S("Eine Klinik spart 30 Stunden Planung im Monat") },
		  { S("/kunden/logistik"), S("Drei Lager, ein Plan") },
		  { S("/kunden/baeckerei"), S("Eine Bäckerei mit 60 Filialen") } },
		{ { S("/en/customers/hospital"), S("A hospital saves 30 hours of planning a month") },
		  { S("/en/customers/logistics"), S("Three warehouses, one plan") },
		  { S("/en/customers/bakery"), S("A bakery with 60 shops") } } } },
	[CONTENT_WHITEPAPER] = { S("whitepaper"), S("middle"), {
		{ { S("/whitepaper/kosten-der-planung"), S("Was Planung wirklich kostet") },
		  { S("/whitepaper/faire-schichten"), S("Faire Schichten, weniger Kündigungen") },
		  { S("/whitepaper/checkliste-auswahl"), S("Checkliste: Software auswählen") } },
		{ { S("/en/whitepaper/cost-of-planning"), S("What planning really costs") },
		  { S("/en/whitepaper/fair-shifts"), S("Fair shifts, fewer resignations") },
		  { S("/en/whitepaper/buyers-checklist"), S("The buyer's checklist") } } } },
	[CONTENT_WEBINAR] = { S("webinar"), S("middle"), {
		{ { S("/webinar/dienstplan-in-30-minuten"), S("Der Dienstplan in 30 Minuten") },
		  { S("/webinar/recht-2"), S("Arbeitszeitrecht für Planer") } },
		{ { S("/en/webinar/rota-in-30-minutes"), S("Your rota in 30 minutes") },
		  { S("/en/webinar/working-time-law"), S("Working time law for planners") } } } },
	[CONTENT_TESTIMONIAL] = { S("testimonial"), S("middle"), {
		{ { S("/stimmen"), S("Was Planer sagen") } },
		{ { S("/en/voices"), S("What planners say") } } } },
	[CONTENT_PRICES] = { S("price_page"), S("bottom"), {
		{ { S("/preise"), S("Preise") } },
		{ { S("/en/pricing"), S("Pricing") } } } },
	[CONTENT_DEMO] = { S("demo"), S("bottom"), {
		{ { S("/demo"), S("Eine Vorführung buchen") } },
		{ { S("/en/demo"), S("Book a demo") } } } },
	[CONTENT_REFERENCES] = { S("reference"), S("bottom"), {
		{ { S("/referenzen"), S("Unsere Kunden") } },
		{ { S("/en/references"), S("Our customers") } } } },
	[CONTENT_CONTACT] = { S("contact"), S("bottom"), {
		{ { S("/kontakt"), S("Kontakt") } },
		{ { S("/en/contact"), S("Contact") } } } },
};
/* clang-format on */

const struct content *world_content(enum content_kind kind, enum language language, uint64_t nth)
{
	const struct content *pages = SHELVES[kind].pages[language];
	size_t n = 0;
	while (n < PAGES_MAX && pages[n].path.n)
		n++;
	return &pages[nth % n];
}

str world_kind_name(enum content_kind kind)
{
	return SHELVES[kind].name;
}

str world_zone(enum content_kind kind)
{
	return SHELVES[kind].zone;
}

/* ---- sources --------------------------------------------------------------------------------- */

static const str SEARCH_CAMPAIGNS[] = { S("search-brand"), S("search-dienstplan"),
					S("search-rota-software"), S("search-zeiterfassung") };
static const str LINKEDIN_CAMPAIGNS[] = { S("hr-leads-dach"), S("operations-uk"),
					  S("whitepaper-faire-schichten") };
static const str NEWSLETTER_CAMPAIGNS[] = { S("newsletter-recht"), S("newsletter-praxis"),
					    S("newsletter-produkt") };
static const str BING_CAMPAIGNS[] = { S("bing-dienstplan") };
static const str META_CAMPAIGNS[] = { S("gastro-schichten") };

/* clang-format off */
#define ORIGIN(s, m, r, c) { .source = S(s), .medium = S(m), .referrer = S(r), .click_kind = S(c) }
#define CAMPAIGNS(list)	   (list), ARRAY_LEN(list)
#define NO_CAMPAIGNS	   NULL, 0
const struct source world_sources[] = {
	/* origin; campaigns; first visits, later ones; leads, MQLs; cents per visit */
	{ ORIGIN("newsletter", "email", "", ""), CAMPAIGNS(NEWSLETTER_CAMPAIGNS), 4, 14, 1.3, 1.2, 0 },
	{ ORIGIN("google", "organic", "https://www.google.com/", ""), NO_CAMPAIGNS, 31, 22, 1.0, 1.0, 0 },
	{ ORIGIN("google", "cpc", "https://www.google.com/", "gclid"), CAMPAIGNS(SEARCH_CAMPAIGNS), 17, 6, 1.1, 1.1, 240 },
	{ ORIGIN("(direct)", "(none)", "", ""), NO_CAMPAIGNS, 14, 38, 0.9, 1.0, 0 },
	{ ORIGIN("linkedin", "social", "https://www.linkedin.com/", ""), NO_CAMPAIGNS, 9, 6, 0.8, 0.9, 0 },
	{ ORIGIN("linkedin", "paid_social", "https://www.linkedin.com/", "li_fat_id"), CAMPAIGNS(LINKEDIN_CAMPAIGNS), 8, 3, 0.9, 0.6, 520 },
	{ ORIGIN("bing", "organic", "https://www.bing.com/", ""), NO_CAMPAIGNS, 4, 2, 1.0, 1.0, 0 },
	{ ORIGIN("bing", "cpc", "https://www.bing.com/", "msclkid"), CAMPAIGNS(BING_CAMPAIGNS), 2, 1, 1.1, 1.0, 170 },
	{ ORIGIN("capterra", "referral", "https://www.capterra.com/", ""), NO_CAMPAIGNS, 3, 2, 1.9, 1.3, 0 },
	{ ORIGIN("omr", "referral", "https://omr.com/", ""), NO_CAMPAIGNS, 2, 1, 1.9, 1.3, 0 },
	{ ORIGIN("planungsverband.example", "referral", "https://planungsverband.example/partner", ""), NO_CAMPAIGNS, 3, 2, 1.8, 1.4, 0 },
	{ ORIGIN("chatgpt.com", "referral", "https://chatgpt.com/", ""), NO_CAMPAIGNS, 1, 1, 1.2, 1.0, 0 },
	{ ORIGIN("facebook", "paid_social", "https://www.facebook.com/", "fbclid"), CAMPAIGNS(META_CAMPAIGNS), 2, 1, 0.5, 0.6, 90 },
};
/* clang-format on */
const size_t world_sources_n = ARRAY_LEN(world_sources);
const struct source *const world_newsletter = &world_sources[0];
const struct source *const world_direct = &world_sources[3];

const struct source *world_source_first(double u)
{
	double sum = 0;
	for (size_t i = 0; i < world_sources_n; i++)
		sum += world_sources[i].first;
	u *= sum;
	for (size_t i = 0; i + 1 < world_sources_n; i++) {
		u -= world_sources[i].first;
		if (u < 0)
			return &world_sources[i];
	}
	return &world_sources[world_sources_n - 1];
}

const struct source *world_source_again(double u)
{
	double sum = 0;
	for (size_t i = 0; i < world_sources_n; i++)
		sum += world_sources[i].again;
	u *= sum;
	for (size_t i = 0; i + 1 < world_sources_n; i++) {
		u -= world_sources[i].again;
		if (u < 0)
			return &world_sources[i];
	}
	return &world_sources[world_sources_n - 1];
}

double world_lead_chance(const struct source *s)
{
	double weights = 0, leads = 0;
	for (size_t i = 0; i < world_sources_n; i++) {
		weights += world_sources[i].first;
		leads += world_sources[i].first * world_sources[i].lead;
	}
	return LEAD_CHANCE * s->lead * weights / leads;
}

double world_mql_chance(const struct source *s)
{
	double leads = 0, mqls = 0;
	for (size_t i = 0; i < world_sources_n; i++) {
		leads += world_sources[i].first * world_sources[i].lead;
		mqls += world_sources[i].first * world_sources[i].lead * world_sources[i].mql;
	}
	return MQL_CHANCE * s->mql * leads / mqls;
}
