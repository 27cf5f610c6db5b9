/*
 * channel.c - GA4's default channel groups, first match wins.
 *
 * What it is:   an origin is brought to four facts (category of the source, marks of the medium,
 * marks of the campaign, what the source is called), then the rules run in GA4's order. Workload:
 * once for every touch that is recorded: about 50 ns, no allocation. Data from:    anyone; texts of
 * any length and bytes. Threads:      any.
 */
#include "journal/channel.h"

#include "journal/channel_int.h"
#include "journal/journal.h"

#include <string.h>

enum channel {
	CHANNEL_DIRECT,
	CHANNEL_CROSS_NETWORK,
	CHANNEL_PAID_SHOPPING,
	CHANNEL_PAID_SEARCH,
	CHANNEL_PAID_SOCIAL,
	CHANNEL_PAID_VIDEO,
	CHANNEL_DISPLAY,
	CHANNEL_PAID_OTHER,
	CHANNEL_ORGANIC_SHOPPING,
	CHANNEL_ORGANIC_SOCIAL,
	CHANNEL_ORGANIC_VIDEO,
	CHANNEL_ORGANIC_SEARCH,
	CHANNEL_REFERRAL,
	CHANNEL_EMAIL,
	CHANNEL_AFFILIATES,
	CHANNEL_AUDIO,
	CHANNEL_SMS,
	CHANNEL_PUSH,
	CHANNEL_UNASSIGNED,
};

static const char *const names[CHANNELS_N] = {
	"Direct",	  "Cross-network", "Paid Shopping",
	"Paid Search",	  "Paid Social",   "Paid Video",
	"Display",	  "Paid Other",	   "Organic Shopping",
	"Organic Social", "Organic Video", "Organic Search",
	"Referral",	  "Email",	   "Affiliates",
	"Audio",	  "SMS",	   "Mobile Push Notifications",
	"Unassigned",
};

/* Words longer than this match no exact name. */
#define WORD_MAX 64
/* A host name has at most 253 characters. */
#define HOST_MAX 256

/* What a medium says; several may hold. */
enum medium_mark {
	MEDIUM_NONE = 1 << 0, /* missing, (none), (not set) */
	MEDIUM_PAID = 1 << 1, /* ^(.*cp.*|ppc|retargeting|paid.*)$ */
	MEDIUM_DISPLAY = 1 << 2,
	MEDIUM_SOCIAL = 1 << 3,
	MEDIUM_VIDEO = 1 << 4,
	MEDIUM_ORGANIC = 1 << 5,
	MEDIUM_REFERRAL = 1 << 6,
	MEDIUM_EMAIL = 1 << 7,
	MEDIUM_AFFILIATE = 1 << 8,
	MEDIUM_AUDIO = 1 << 9,
	MEDIUM_SMS = 1 << 10,
	MEDIUM_PUSH = 1 << 11,
};

struct word {
	const char *text;
	unsigned mark;
};

/* Sorted bytewise. */
static const struct word mediums[] = {
	{ "(none)", MEDIUM_NONE },
	{ "(not set)", MEDIUM_NONE },
	{ "affiliate", MEDIUM_AFFILIATE },
	{ "app", MEDIUM_REFERRAL },
	{ "audio", MEDIUM_AUDIO },
	{ "banner", MEDIUM_DISPLAY },
	{ "cpm", MEDIUM_DISPLAY | MEDIUM_PAID },
	{ "display", MEDIUM_DISPLAY },
	{ "e mail", MEDIUM_EMAIL },
	{ "e-mail", MEDIUM_EMAIL },
	{ "e_mail", MEDIUM_EMAIL },
	{ "email", MEDIUM_EMAIL },
	{ "expandable", MEDIUM_DISPLAY },
	{ "interstitial", MEDIUM_DISPLAY },
	{ "link", MEDIUM_REFERRAL },
	{ "organic", MEDIUM_ORGANIC },
	{ "ppc", MEDIUM_PAID },
	{ "referral", MEDIUM_REFERRAL },
	{ "retargeting", MEDIUM_PAID },
	{ "sm", MEDIUM_SOCIAL },
	{ "sms", MEDIUM_SMS },
	{ "social", MEDIUM_SOCIAL },
	{ "social media", MEDIUM_SOCIAL },
	{ "social network", MEDIUM_SOCIAL },
	{ "social-media", MEDIUM_SOCIAL },
	{ "social-network", MEDIUM_SOCIAL },
};

/* Sources that are the name of a group, as CRM and advertising exports write them; blanks for "_"
 * and
 * "-". Sorted bytewise. */
static const struct word groups[] = {
	{ "affiliate", CHANNEL_AFFILIATES },
	{ "affiliates", CHANNEL_AFFILIATES },
	{ "audio", CHANNEL_AUDIO },
	{ "cross network", CHANNEL_CROSS_NETWORK },
	{ "direct", CHANNEL_DIRECT },
	{ "direct traffic", CHANNEL_DIRECT },
	{ "display", CHANNEL_DISPLAY },
	{ "display ads", CHANNEL_DISPLAY },
	{ "email marketing", CHANNEL_EMAIL },
	{ "organic search", CHANNEL_ORGANIC_SEARCH },
	{ "organic shopping", CHANNEL_ORGANIC_SHOPPING },
	{ "organic social", CHANNEL_ORGANIC_SOCIAL },
	{ "organic video", CHANNEL_ORGANIC_VIDEO },
	{ "paid search", CHANNEL_PAID_SEARCH },
	{ "paid shopping", CHANNEL_PAID_SHOPPING },
	{ "paid social", CHANNEL_PAID_SOCIAL },
	{ "paid video", CHANNEL_PAID_VIDEO },
	{ "push", CHANNEL_PUSH },
	{ "referral", CHANNEL_REFERRAL },
	{ "referrals", CHANNEL_REFERRAL },
	{ "social media", CHANNEL_ORGANIC_SOCIAL },
};

/* Who takes the money comes between the shop and its customer, and sent nobody. Bare names stand
 * for any top-level domain. */
static const char *const payers[] = {
	"adyen",	 "checkout.com", "giropay", "klarna",	"mollie", "payone",   "paypal",
	"paypalobjects", "payu",	 "sofort",  "squareup", "stripe", "wirecard", "worldpay",
};

struct click {
	const char *kind;
	const char *source;
	const char *medium; /* "" when the id is no proof of an advert */
};
static const struct click clicks[] = {
	{ "dclid", "google", "display" },   { "fbclid", "facebook", "" },
	{ "gbraid", "google", "cpc" },	    { "gclid", "google", "cpc" },
	{ "li_fat_id", "linkedin", "cpc" }, { "msclkid", "bing", "cpc" },
	{ "ttclid", "tiktok", "cpc" },	    { "twclid", "twitter", "cpc" },
	{ "wbraid", "google", "cpc" },
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Lower-cased into `out`, NUL-terminated; 0 when it is empty or does not fit. */
static size_t lower_into(char *out, size_t room, str s)
{
	if (s.n >= room)
		return 0;
	for (size_t i = 0; i < s.n; i++)
		out[i] = lower(s.p[i]);
	out[s.n] = '\0';
	return s.n;
}

/* `part` is lower case and not empty. */
static bool has_nocase(str s, const char *part, size_t n)
{
	for (size_t i = 0; i + n <= s.n; i++) {
		if (lower(s.p[i]) != part[0])
			continue;
		size_t k = 1;
		while (k < n && lower(s.p[i + k]) == part[k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}
#define HAS(s, lit) has_nocase((s), "" lit, sizeof(lit) - 1)

static const struct word *word_find(const struct word *words, size_t n, const char *text)
{
	size_t low = 0;
	while (low < n) {
		size_t middle = low + (n - low) / 2;
		int order = strcmp(words[middle].text, text);
		if (order == 0)
			return &words[middle];
		if (order < 0)
			low = middle + 1;
		else
			n = middle;
	}
	return NULL;
}

static unsigned medium_read(str medium)
{
	if (medium.n == 0)
		return MEDIUM_NONE;
	unsigned marks = 0;
	char text[WORD_MAX];
	if (lower_into(text, sizeof text, medium) > 0) {
		const struct word *word = word_find(mediums, ARRAY_LEN(mediums), text);
		if (word != NULL)
			return word->mark;
	}
	if (HAS(medium, "cp") || str_eq_nocase(str_sub(medium, 0, 4), S("paid")))
		marks |= MEDIUM_PAID;
	if (HAS(medium, "video"))
		marks |= MEDIUM_VIDEO;
	if (HAS(medium, "mobile") || HAS(medium, "notification") ||
	    (medium.n >= 4 && str_eq_nocase(str_sub(medium, medium.n - 4, 4), S("push"))))
		marks |= MEDIUM_PUSH;
	return marks;
}

/* ^(.*(([^a-df-z]|^)shop|shopping).*)$: "eshop" and "my-shop", not "workshop" */
static bool campaign_is_shopping(str campaign)
{
	for (size_t i = 0; i + 4 <= campaign.n; i++) {
		if (lower(campaign.p[i]) != 's' ||
		    !str_eq_nocase(str_sub(campaign, i, 4), S("shop")))
			continue;
		char before = i > 0 ? lower(campaign.p[i - 1]) : '-';
		if (before == 'e' || before < 'a' || before > 'z' ||
		    str_eq_nocase(str_sub(campaign, i, 8), S("shopping")))
			return true;
	}
	return false;
}

/* "https://user@www.example.com:443/path?query" -> "www.example.com" */
static str host_of(str url)
{
	for (size_t i = 0; i + 3 <= url.n; i++) {
		if (memcmp(url.p + i, "://", 3) == 0) {
			url = str_sub(url, i + 3, url.n);
			break;
		}
	}
	size_t end = 0;
	while (end < url.n && url.p[end] != '/' && url.p[end] != '?' && url.p[end] != '#')
		end++;
	str host = str_sub(url, 0, end);
	size_t at = str_index(host, '@');
	if (at < host.n)
		host = str_sub(host, at + 1, host.n);
	return str_sub(host, 0, str_index(host, ':'));
}

/* How many bytes of a host stand before its top-level domain: "search.yahoo" of search.yahoo.co.uk.
 * An approximation of the public suffix list that is enough for the sites in the table. */
static size_t host_stem(const char *host, size_t n)
{
	static const char *const seconds[] = { "co", "com", "net", "org", "ne", "or", "ac", "go" };
	const char *last = memrchr(host, '.', n);
	if (last == NULL)
		return n;
	size_t stem = (size_t)(last - host);
	const char *second = memrchr(host, '.', stem);
	if (second == NULL || n - stem != 3)
		return stem;
	size_t length = stem - (size_t)(second + 1 - host);
	for (size_t i = 0; i < ARRAY_LEN(seconds); i++) {
		if (strlen(seconds[i]) == length && memcmp(seconds[i], second + 1, length) == 0)
			return (size_t)(second - host);
	}
	return stem;
}

enum source_category channel_source_category(const char *source, size_t n)
{
	char host[HOST_MAX];
	n = lower_into(host, sizeof host, str_make(source, n));
	if (n > 0 && host[n - 1] == '.')
		host[--n] = '\0';
	size_t stem = host_stem(host, n);
	size_t from = n > 4 && memcmp(host, "www.", 4) == 0 ? 4 : 0;
	/* From the whole to the site's own name, so that shopping.yahoo.co.jp is more than Yahoo.
	 */
	while (from < stem) {
		enum source_category category = channel_source_find(host + from, n - from);
		if (category == SOURCE_OTHER && stem < n)
			category = channel_source_find(host + from, stem - from);
		if (category != SOURCE_OTHER)
			return category;
		const char *dot = memchr(host + from, '.', n - from);
		from = dot != NULL ? (size_t)(dot + 1 - host) : n;
	}
	return SOURCE_OTHER;
}

static bool host_is_payer(str source)
{
	char host[HOST_MAX];
	size_t n = lower_into(host, sizeof host, source);
	if (n == 0)
		return false;
	size_t stem = host_stem(host, n);
	const char *dot = memrchr(host, '.', stem);
	size_t from = dot != NULL ? (size_t)(dot + 1 - host) : 0;
	for (size_t i = 0; i < ARRAY_LEN(payers); i++) {
		if (payers[i][0] != host[from])
			continue;
		size_t length = strlen(payers[i]);
		if ((length == stem - from || length == n - from) &&
		    memcmp(host + from, payers[i], length) == 0)
			return true;
	}
	return false;
}

static const struct click *click_find(str kind)
{
	if (kind.n == 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(clicks); i++) {
		if (str_eq_nocase(kind, str_of(clicks[i].kind)))
			return &clicks[i];
	}
	return NULL;
}

static bool is_email_word(str s)
{
	return str_eq_nocase(s, S("email")) || str_eq_nocase(s, S("e-mail")) ||
	       str_eq_nocase(s, S("e_mail")) || str_eq_nocase(s, S("e mail"));
}

/* The facts that the rules ask for. */
struct facts {
	str source;
	enum source_category category;
	unsigned medium;
	bool shopping; /* the campaign says so */
	bool cross;    /* the campaign is Google's cross-network */
};

static enum channel paid_or_display(const struct facts *f)
{
	bool paid = f->medium & MEDIUM_PAID;
	if (paid && (f->category == SOURCE_SHOPPING || f->shopping))
		return CHANNEL_PAID_SHOPPING;
	if (paid && f->category == SOURCE_SEARCH)
		return CHANNEL_PAID_SEARCH;
	if (paid && f->category == SOURCE_SOCIAL)
		return CHANNEL_PAID_SOCIAL;
	if (paid && f->category == SOURCE_VIDEO)
		return CHANNEL_PAID_VIDEO;
	if (f->medium & MEDIUM_DISPLAY)
		return CHANNEL_DISPLAY;
	return paid ? CHANNEL_PAID_OTHER : CHANNEL_UNASSIGNED;
}

static enum channel organic(const struct facts *f)
{
	if (f->category == SOURCE_SHOPPING || f->shopping)
		return CHANNEL_ORGANIC_SHOPPING;
	if (f->category == SOURCE_SOCIAL || f->medium & MEDIUM_SOCIAL)
		return CHANNEL_ORGANIC_SOCIAL;
	if (f->category == SOURCE_VIDEO || f->medium & MEDIUM_VIDEO)
		return CHANNEL_ORGANIC_VIDEO;
	if (f->category == SOURCE_SEARCH || f->medium & MEDIUM_ORGANIC)
		return CHANNEL_ORGANIC_SEARCH;
	if (f->medium & MEDIUM_REFERRAL)
		return CHANNEL_REFERRAL;
	if (f->medium & MEDIUM_EMAIL || is_email_word(f->source))
		return CHANNEL_EMAIL;
	if (f->medium & MEDIUM_AFFILIATE)
		return CHANNEL_AFFILIATES;
	if (f->medium & MEDIUM_AUDIO)
		return CHANNEL_AUDIO;
	if (f->medium & MEDIUM_SMS || str_eq_nocase(f->source, S("sms")))
		return CHANNEL_SMS;
	if (f->medium & MEDIUM_PUSH || str_eq_nocase(f->source, S("firebase")))
		return CHANNEL_PUSH;
	return CHANNEL_UNASSIGNED;
}

static enum channel named_group(const struct facts *f)
{
	char text[WORD_MAX];
	size_t n = lower_into(text, sizeof text, f->source);
	if (!(f->medium & MEDIUM_NONE) || n == 0)
		return CHANNEL_UNASSIGNED;
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '_' || text[i] == '-')
			text[i] = ' ';
	}
	const struct word *word = word_find(groups, ARRAY_LEN(groups), text);
	return word != NULL ? (enum channel)word->mark : CHANNEL_UNASSIGNED;
}

/* Fills in source and medium from click id and referrer where the sender gave none. */
static void facts_gather(struct facts *f, const struct origin *o)
{
	str source = str_trim(o->source);
	str medium = str_trim(o->medium);
	bool direct = str_eq_nocase(source, S("(direct)"));
	const struct click *click = click_find(str_trim(o->click_kind));
	f->medium = medium_read(medium);
	if (click != NULL && (source.n == 0 || str_eq_nocase(source, str_of(click->source)))) {
		source = str_of(click->source);
		if (f->medium & MEDIUM_NONE && click->medium[0] != '\0')
			f->medium = medium_read(str_of(click->medium));
	} else if (source.n == 0 && o->referrer.n > 0) {
		str host = host_of(str_trim(o->referrer));
		if (!host_is_payer(host)) {
			source = host;
			if (f->medium & MEDIUM_NONE && host.n > 0)
				f->medium = MEDIUM_REFERRAL;
		}
	}
	f->source = direct ? (str){ NULL, 0 } : source;
	f->category = channel_source_category(f->source.p, f->source.n);
	f->cross = HAS(o->campaign, "cross-network");
	f->shopping = campaign_is_shopping(o->campaign);
}

str channel_name(size_t i)
{
	CHECK(i < CHANNELS_N);
	return str_of(names[i]);
}

str channel_of(const struct origin *o)
{
	if (o->source.n + o->medium.n + o->campaign.n + o->content.n + o->term.n + o->referrer.n +
		    o->click_kind.n ==
	    0)
		return (str){ NULL, 0 };
	struct facts f;
	facts_gather(&f, o);
	enum channel channel = CHANNEL_UNASSIGNED;
	if (f.source.n == 0 && f.medium & MEDIUM_NONE)
		return channel_name(CHANNEL_DIRECT);
	if (f.cross)
		return channel_name(CHANNEL_CROSS_NETWORK);
	channel = paid_or_display(&f);
	if (channel == CHANNEL_UNASSIGNED)
		channel = organic(&f);
	if (channel == CHANNEL_UNASSIGNED)
		channel = named_group(&f);
	return channel_name(channel);
}
