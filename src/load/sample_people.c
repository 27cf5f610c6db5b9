/*
 * sample_people.c - companies and the people who work for them.
 *
 * What it is:   names put together from lists, so that no two companies share a domain and no two
 *               people of a company an address.
 * Promises:     a company depends on the seed and its number alone. Domains end in .example (RFC
 *               2606); telephone numbers lie in the ranges that the German and British authorities
 *               keep for films and books.
 */
#include "load/sample_int.h"

#include <math.h>

struct branch {
	str word, domain, industry;
	double size; /* median of employees */
};
static const str HEADS[] = {
	S("Alster"),   S("Adler"),    S("Ahorn"),    S("Arden"),      S("Ashford"), S("Bergmann"),
	S("Birken"),   S("Blau"),     S("Bode"),     S("Brightwell"), S("Brook"),   S("Buchen"),
	S("Carlisle"), S("Dahl"),     S("Donau"),    S("Eichen"),     S("Elbe"),    S("Ellerton"),
	S("Falken"),   S("Fairview"), S("Fels"),     S("Fenwick"),    S("Flora"),   S("Frisia"),
	S("Garten"),   S("Glen"),     S("Goldbach"), S("Hansa"),      S("Harbour"), S("Harz"),
	S("Havel"),    S("Hazel"),    S("Heide"),    S("Hohen"),      S("Holm"),    S("Inn"),
	S("Isar"),     S("Jura"),     S("Kaiser"),   S("Kestrel"),    S("Kiefer"),  S("Kirsch"),
	S("Krone"),    S("Lahn"),     S("Lech"),     S("Linden"),     S("Lowen"),   S("Main"),
	S("Marsch"),   S("Meadow"),   S("Merkur"),   S("Moor"),	      S("Mosel"),   S("Neckar"),
	S("Nord"),     S("Oak"),      S("Oder"),     S("Ost"),	      S("Pennine"), S("Phoenix"),
	S("Quell"),    S("Rhein"),    S("Ridge"),    S("Rosen"),      S("Ruhr"),    S("Saale"),
	S("Salzach"),  S("Severn"),   S("Sonnen"),   S("Spree"),      S("Stern"),   S("Taunus"),
	S("Thames"),   S("Ufer"),     S("Vogel"),    S("Wald"),	      S("Weser"),   S("Westmoor"),
	S("Wolf"),     S("Zeder"),
};
static const struct branch BRANCHES[LANGUAGES_N][7] = {
	[GERMAN] = { { S("Logistik"), S("logistik"), S("logistics"), 180 },
		     { S("Pflege"), S("pflege"), S("health care"), 90 },
		     { S("Kliniken"), S("kliniken"), S("health care"), 600 },
		     { S("Bäckerei"), S("baeckerei"), S("food retail"), 120 },
		     { S("Maschinenbau"), S("maschinenbau"), S("machinery"), 260 },
		     { S("Sicherheit"), S("sicherheit"), S("security services"), 150 },
		     { S("Bank"), S("bank"), S("banking"), 400 } },
	[ENGLISH] = { { S("Logistics"), S("logistics"), S("logistics"), 200 },
		      { S("Care"), S("care"), S("health care"), 80 },
		      { S("Hospitals"), S("hospitals"), S("health care"), 700 },
		      { S("Foods"), S("foods"), S("food retail"), 150 },
		      { S("Engineering"), S("engineering"), S("machinery"), 220 },
		      { S("Security"), S("security"), S("security services"), 160 },
		      { S("Insurance"), S("insurance"), S("financial services"), 350 } },
};
struct place {
	str city, country;
};
static const struct place PLACES[LANGUAGES_N][12] = {
	[GERMAN] = { { S("Hamburg"), S("DE") },
		     { S("Berlin"), S("DE") },
		     { S("München"), S("DE") },
		     { S("Köln"), S("DE") },
		     { S("Stuttgart"), S("DE") },
		     { S("Leipzig"), S("DE") },
		     { S("Nürnberg"), S("DE") },
		     { S("Hannover"), S("DE") },
		     { S("Wien"), S("AT") },
		     { S("Graz"), S("AT") },
		     { S("Zürich"), S("CH") },
		     { S("Basel"), S("CH") } },
	[ENGLISH] = { { S("London"), S("GB") },
		      { S("Manchester"), S("GB") },
		      { S("Leeds"), S("GB") },
		      { S("Bristol"), S("GB") },
		      { S("Birmingham"), S("GB") },
		      { S("Edinburgh"), S("GB") },
		      { S("Glasgow"), S("GB") },
		      { S("Cardiff"), S("GB") },
		      { S("Dublin"), S("IE") },
		      { S("Cork"), S("IE") },
		      { S("Belfast"), S("GB") },
		      { S("Sheffield"), S("GB") } },
};

/* Written, and as it stands in an address. The first half of the first names are women's. */
struct name {
	str text, plain;
};
/* clang-format off */
#define N(text, plain) { S(text), S(plain) }
#define FIRSTS_N 20
#define LASTS_N	 21 /* has no divisor in common with FIRSTS_N, so pairs repeat late */
static const struct name FIRSTS[LANGUAGES_N][FIRSTS_N] = {
	[GERMAN] = { N("Anna", "anna"), N("Katrin", "katrin"), N("Sabine", "sabine"), N("Julia", "julia"),
		N("Bärbel", "baerbel"), N("Ayşe", "ayse"), N("Martina", "martina"), N("Heike", "heike"),
		N("Lena", "lena"), N("Ute", "ute"), N("Jürgen", "juergen"), N("Thomas", "thomas"),
		N("Stefan", "stefan"), N("Mehmet", "mehmet"), N("Jörg", "joerg"), N("Markus", "markus"),
		N("Florian", "florian"), N("Uwe", "uwe"), N("Tobias", "tobias"), N("René", "rene") },
	[ENGLISH] = { N("Emma", "emma"), N("Olivia", "olivia"), N("Siobhán", "siobhan"), N("Grace", "grace"),
		N("Priya", "priya"), N("Sarah", "sarah"), N("Helen", "helen"), N("Chloe", "chloe"),
		N("Fiona", "fiona"), N("Ruth", "ruth"), N("James", "james"), N("Oliver", "oliver"),
		N("Liam", "liam"), N("Callum", "callum"), N("Raj", "raj"), N("Peter", "peter"),
		N("Seán", "sean"), N("Martin", "martin"), N("George", "george"), N("David", "david") },
};
static const struct name LASTS[LANGUAGES_N][LASTS_N] = {
	[GERMAN] = { N("Müller", "mueller"), N("Schmidt", "schmidt"), N("Schneider", "schneider"),
		N("Weiß", "weiss"), N("Köhler", "koehler"), N("Hartmann", "hartmann"), N("Yılmaz", "yilmaz"),
		N("Krüger", "krueger"), N("Lehmann", "lehmann"), N("Vogt", "vogt"), N("Schäfer", "schaefer"),
		N("Brandt", "brandt"), N("Huber", "huber"), N("Wagner", "wagner"), N("von Stein", "vonstein"),
		N("Größl", "groessl"), N("Peters", "peters"), N("Kowalski", "kowalski"), N("Jansen", "jansen"),
		N("Frank", "frank"), N("Öztürk", "oeztuerk") },
	[ENGLISH] = { N("Smith", "smith"), N("Jones", "jones"), N("Taylor", "taylor"), N("O'Brien", "obrien"),
		N("Walker", "walker"), N("Patel", "patel"), N("Hughes", "hughes"), N("Khan", "khan"),
		N("Evans", "evans"), N("Murphy", "murphy"), N("Wright", "wright"), N("Green", "green"),
		N("Hall", "hall"), N("Clarke", "clarke"), N("Byrne", "byrne"), N("Campbell", "campbell"),
		N("Singh", "singh"), N("Moore", "moore"), N("Reid", "reid"), N("Fletcher", "fletcher"),
		N("Ahmed", "ahmed") },
};
struct title {
	str woman, man;
};
static const struct title TITLES[LANGUAGES_N][10] = {
	[GERMAN] = { { S("Personalleiterin"), S("Personalleiter") }, { S("Leiterin HR"), S("Leiter HR") },
		{ S("HR Business Partnerin"), S("HR Business Partner") },
		{ S("Betriebsleiterin"), S("Betriebsleiter") }, { S("Geschäftsführerin"), S("Geschäftsführer") },
		{ S("Pflegedienstleiterin"), S("Pflegedienstleiter") },
		{ S("Leiterin Disposition"), S("Leiter Disposition") },
		{ S("Personalreferentin"), S("Personalreferent") }, { S("IT-Leiterin"), S("IT-Leiter") },
		{ S("Werkstudentin"), S("Werkstudent") } },
	[ENGLISH] = { { S("Head of HR"), S("Head of HR") }, { S("HR Director"), S("HR Director") },
		{ S("Operations Manager"), S("Operations Manager") }, { S("COO"), S("COO") },
		{ S("Workforce Planner"), S("Workforce Planner") }, { S("HR Manager"), S("HR Manager") },
		{ S("Managing Director"), S("Managing Director") }, { S("Head of People"), S("Head of People") },
		{ S("IT Manager"), S("IT Manager") }, { S("Ward Manager"), S("Shift Supervisor") } },
};
/* clang-format on */

enum language company_language(uint64_t number)
{
	return number * 7 % 25 < 18 ? GERMAN : ENGLISH;
}

/* The number runs through all heads, then through the branches of that head in another order each,
 * then gets a number in its name: no two are the same. */
void company_make(struct life *l, uint64_t number, struct company *c)
{
	struct rng r;
	size_t branches = ARRAY_LEN(BRANCHES[0]);
	_Static_assert((3 * ARRAY_LEN(HEADS) + 1) % ARRAY_LEN(BRANCHES[0]) != 0,
		       "the branches of one head repeat too early");
	rng_init(&r, l->t->seed ^ (number * UINT64_C(0xD1342543DE82EF95) + 7));
	uint64_t head = number % ARRAY_LEN(HEADS), turn = number / ARRAY_LEN(HEADS);
	const str *name = &HEADS[head];
	c->number = number;
	c->language = company_language(number);
	const struct branch *b = &BRANCHES[c->language][(3 * number + turn) % branches];
	const struct place *p = &PLACES[c->language][rng_below(&r, ARRAY_LEN(PLACES[0]))];
	const char *form = c->language == ENGLISH ? "Ltd" : rng_chance(&r, 0.2) ? "AG" : "GmbH";
	char plain[32];
	size_t n = MIN(name->n, sizeof plain);
	for (size_t i = 0; i < n; i++)
		plain[i] = (char)(name->p[i] | 0x20);
	if (turn < branches) {
		c->name = life_text(l, "%.*s %.*s %s", STR_ARG(*name), STR_ARG(b->word), form);
		c->domain = life_text(l, "%.*s-%.*s.example", (int)n, plain, STR_ARG(b->domain));
	} else {
		c->name = life_text(l, "%.*s %.*s %.*s %llu %s", STR_ARG(*name), STR_ARG(b->word),
				    STR_ARG(p->city), (unsigned long long)turn, form);
		c->domain = life_text(l, "%.*s-%.*s-%llu.example", (int)n, plain,
				      STR_ARG(b->domain), (unsigned long long)turn);
	}
	c->industry = b->industry;
	c->city = p->city;
	c->country = p->country;
	c->employees = (int64_t)(b->size * exp(rng_normal(&r) * 0.9));
	c->employees = MIN(MAX(c->employees, INT64_C(8)), INT64_C(20000));
}

static str phone_of(struct life *l, const struct company *c, struct rng *r)
{
	unsigned n = (unsigned)rng_below(r, 1000);
	if (str_eq(c->country, S("GB")))
		return life_text(l, "+44 20 7946 %04u", n);
	if (!str_eq(c->country, S("DE")))
		return S("");
	return str_eq(c->city, S("München"))   ? life_text(l, "+49 89 99998 %03u", n)
	       : str_eq(c->city, S("Hamburg")) ? life_text(l, "+49 40 66969 %03u", n)
					       : life_text(l, "+49 30 23125 %03u", n);
}

void person_make(struct life *l, const struct company *c, uint32_t nth, struct person *p)
{
	struct rng r;
	rng_init(&r, l->t->seed ^ (c->number * UINT64_C(0x9FB21C651E98DF25) + 11));
	uint64_t first = (rng_below(&r, FIRSTS_N) + nth) % FIRSTS_N;
	uint64_t last = (rng_below(&r, LASTS_N) + nth) % LASTS_N;
	for (uint32_t i = 0; i < nth % 16; i++)
		rng_u64(&r);
	const struct name *f = &FIRSTS[c->language][first], *s = &LASTS[c->language][last];
	const struct title *t = &TITLES[c->language][rng_below(&r, ARRAY_LEN(TITLES[0]))];
	p->first = f->text;
	p->last = s->text;
	p->title = first < FIRSTS_N / 2 ? t->woman : t->man;
	uint32_t again = nth / (FIRSTS_N * LASTS_N);
	p->email = again == 0 ? life_text(l, "%.*s.%.*s@%.*s", STR_ARG(f->plain), STR_ARG(s->plain),
					  STR_ARG(c->domain))
			      : life_text(l, "%.*s.%.*s%u@%.*s", STR_ARG(f->plain),
					  STR_ARG(s->plain), again, STR_ARG(c->domain));
	p->phone = rng_chance(&r, 0.6) ? phone_of(l, c, &r) : S("");
}
