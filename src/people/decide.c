/*
 * decide.c - whose touch is it, and whom does it join?
 *
 * What it is:   the identity rules. Each id of a touch is looked up or gets a profile; the touch is
 *               given to the strongest of them; the others are joined to that one if the rules
 * allow. What was decided follows the touch as touches of its own, refusals too. Rules:        an
 * anonymous id joins the person that is identified on it, unless it is somebody else's already:
 * then the device changes hands from that time on. An e-mail address joins what a believed sender
 * says; claimed with a write key it joins nobody who is known. An alias joins only an id that is
 * not identified. Never by IP address. Threads:      the writer's thread.
 */
#include "people/people_int.h"

#include <string.h>

#define EXTERNAL_IDS_MAX 12

struct deciding {
	struct people *p;
	const struct batch *b;
	const struct intake *in;
	struct arena *a;
	struct decided *d;
	bool known; /* some id stood for somebody before */
	err *e;
};

/* The profile of an id, made when it is new; 0 for ids that say nothing. False: failed. */
static bool resolve(struct deciding *x, enum id_kind kind, str system, str text,
		    uint32_t *profile_r)
{
	*profile_r = 0;
	if (id_is_blocked(text) || text.n > ID_BYTES_MAX || system.n > SYSTEM_BYTES_MAX)
		return true;
	uint64_t profile;
	bool found;
	if (!ids_get(x->p, kind, system, text, &profile, &found, x->e))
		return false;
	if (!found) {
		struct decided *d = x->d;
		if (d->ids_n == DECIDED_IDS_MAX)
			return true;
		profile = x->p->ids.kinds.n + 1;
		struct new_id id = { profile, (uint8_t)kind, system, text };
		if (!ids_add(x->p, &id, x->e))
			return false;
		d->ids[d->ids_n++] = id;
	}
	*profile_r = (uint32_t)profile;
	return true;
}

static bool is_somebody(const struct deciding *x, uint32_t profile)
{
	uint32_t at = profile;
	do {
		const struct count *c = counts_get(x->p, at);
		if (c && c->touches)
			return true;
		if (x->b->import && at <= x->p->import_seen.n &&
		    x->p->import_seen.items[at - 1] == x->b->import)
			return true;
		at = joins_next(x->p, at);
	} while (at != profile);
	return false;
}

/* What a touch is mainly about: its deal by its name, else its person, else its company. */
static bool is_main_subject(const struct deciding *x, enum entity entity)
{
	if (!x->b->import)
		return false; /* only imports tell new from known */
	bool of_deal = str_starts(x->in->name, S("deal_"));
	enum entity main = of_deal		? ENTITY_DEAL
			   : x->d->touch.person ? ENTITY_PERSON
						: ENTITY_COMPANY;
	return entity == main;
}

static void note_known(struct deciding *x, uint32_t person)
{
	if (is_main_subject(x, ENTITY_PERSON))
		x->known |= is_somebody(x, person);
}

static void follow(struct deciding *x, struct touch t)
{
	struct decided *d = x->d;
	if (d->then_n < DECIDED_TOUCHES_MAX)
		d->then[d->then_n++] = t;
}

/* A join, a refusal or a change of hands, as a touch. */
static bool record_join(struct deciding *x, uint32_t a, uint32_t b, str why, str refused,
			bool device)
{
	struct prop *props = ARENA_ARRAY(x->a, struct prop, 3);
	if (!props)
		return arena_err(x->a, x->e);
	size_t n = 0;
	props[n++] = (struct prop){ device ? S("device") : S("profile"), value_int(b) };
	props[n++] = (struct prop){ S("why"), value_text(why) };
	if (refused.n)
		props[n++] = (struct prop){ S("refused"), value_text(refused) };
	struct touch t = { .at_us = x->in->at_us, .props = props, .props_n = n };
	bool company = people_entity_of(x->p, a) == ENTITY_COMPANY;
	t.name = company ? S("company_identified") : S("person_identified");
	if (company)
		t.company = a;
	else
		t.person = a;
	if (device)
		x->d->device = b;
	follow(x, t);
	return true;
}

static str refusal_text(enum join_answer answer)
{
	switch (answer) {
	case JOIN_NO_CUT:
		return S("separated by hand before");
	case JOIN_NO_KIND:
		return S("too many ids of one kind");
	case JOIN_NO_IDS:
		return S("too many ids in all");
	default:
		return S("");
	}
}

static bool join(struct deciding *x, uint32_t a, uint32_t b, enum join_why why)
{
	enum join_answer answer = joins_ask(x->p, a, b, x->b->import != 0);
	if (a == b || answer == JOIN_SAME || answer == JOIN_NO_KNOWN)
		return true;
	str refused = answer == JOIN_YES || answer == JOIN_EVIDENCE ? S("") : refusal_text(answer);
	return record_join(x, a, b, str_of(join_why_text(why)), refused, false);
}

static bool is_public(const struct deciding *x)
{
	return x->b->trust == TRUST_PUBLIC;
}

/* ---- people ---------------------------------------------------------------------------------- */

struct person_ids {
	uint32_t anonymous, user, email, previous;
	uint32_t external[EXTERNAL_IDS_MAX];
	size_t external_n;
};

static bool resolve_person(struct deciding *x, struct person_ids *ids)
{
	const struct intake *in = x->in;
	if (!resolve(x, ID_USER, S(""), in->user_id, &ids->user))
		return false;
	for (size_t i = 0; !is_public(x) && i < in->external_n && i < EXTERNAL_IDS_MAX; i++) {
		uint32_t *to = &ids->external[ids->external_n];
		if (!resolve(x, ID_EXTERNAL, in->external[i].system, in->external[i].value, to))
			return false;
		ids->external_n += *to != 0;
	}
	if (in->email.n) {
		str email = email_normalise(x->a, in->email);
		if (email.n && !resolve(x, ID_EMAIL, S(""), email, &ids->email))
			return false;
	}
	if (in->previous_id.n) {
		uint64_t profile;
		bool found;
		if (!ids_get(x->p, ID_USER, S(""), in->previous_id, &profile, &found, x->e))
			return false;
		ids->previous = found ? (uint32_t)profile : 0;
		if (!found && !resolve(x, ID_ANONYMOUS, S(""), in->previous_id, &ids->previous))
			return false;
	}
	return resolve(x, ID_ANONYMOUS, S(""), in->anonymous_id, &ids->anonymous);
}

/* The device: joined when it is nobody's, handed over when it is somebody else's. */
static bool join_device(struct deciding *x, uint32_t subject, uint32_t device)
{
	uint32_t owner = joins_device_owner(x->p, device, x->in->at_us);
	if (joins_root(x->p, owner) == joins_root(x->p, subject))
		return owner != device || join(x, subject, device, JOIN_IDENTIFY);
	if (owner == device && !joins_is_identified(x->p, device))
		return join(x, subject, device, JOIN_IDENTIFY);
	return record_join(x, subject, device, S("shared device"), S(""), true);
}

static bool join_email(struct deciding *x, uint32_t subject, uint32_t email)
{
	bool alone = joins_next(x->p, email) == email;
	bool just_made = alone && !is_somebody(x, email);
	if (!is_public(x) || just_made || joins_root(x->p, subject) == joins_root(x->p, email))
		return join(x, subject, email, JOIN_EMAIL);
	if (joins_ask(x->p, subject, email, false) == JOIN_NO_KNOWN)
		return true;
	return record_join(x, subject, email, S("e-mail"),
			   S("an address claimed with a write key joins nobody who is known"),
			   false);
}

static bool join_alias(struct deciding *x, uint32_t subject, uint32_t previous)
{
	if (!joins_is_identified(x->p, previous) ||
	    joins_root(x->p, previous) == joins_root(x->p, subject))
		return join(x, subject, previous, JOIN_ALIAS);
	return record_join(x, subject, previous, S("alias"),
			   S("the previous id is somebody already"), false);
}

/* With a write key an address that is somebody's does not even receive the touch: the device does.
 */
static bool email_may_be_subject(struct deciding *x, const struct person_ids *ids)
{
	if (!ids->email)
		return false;
	if (!is_public(x) || !ids->anonymous)
		return true;
	uint32_t owner = joins_device_owner(x->p, ids->anonymous, x->in->at_us);
	return joins_root(x->p, owner) == joins_root(x->p, ids->email) ||
	       (joins_next(x->p, ids->email) == ids->email && !is_somebody(x, ids->email));
}

static uint32_t choose_subject(struct deciding *x, const struct person_ids *ids)
{
	if (x->in->person)
		return (uint32_t)x->in->person;
	if (ids->user)
		return ids->user;
	if (ids->external_n)
		return ids->external[0];
	if (email_may_be_subject(x, ids))
		return ids->email;
	return ids->anonymous ? joins_device_owner(x->p, ids->anonymous, x->in->at_us) : 0;
}

static bool decide_person(struct deciding *x)
{
	struct person_ids ids = { 0 };
	if (!resolve_person(x, &ids))
		return false;
	uint32_t subject = choose_subject(x, &ids);
	if (ids.anonymous && joins_device_owner_at(x->p, ids.anonymous, 0))
		x->d->device = ids.anonymous;
	if (!subject)
		return true;
	x->d->touch.person = subject;
	note_known(x, subject);
	for (size_t i = 0; i < ids.external_n; i++) {
		note_known(x, ids.external[i]);
		if (!join(x, subject, ids.external[i], JOIN_EXTERNAL))
			return false;
	}
	if (ids.email && subject != ids.email) {
		note_known(x, ids.email);
		if (!join_email(x, subject, ids.email))
			return false;
	}
	bool anonymous_only = !ids.user && !ids.external_n && subject != ids.email &&
			      !x->in->person;
	if (ids.anonymous && !anonymous_only) {
		note_known(x, joins_device_owner(x->p, ids.anonymous, x->in->at_us));
		if (!join_device(x, subject, ids.anonymous))
			return false;
	}
	return !ids.previous || !ids.user || join_alias(x, ids.user, ids.previous);
}

/* ---- companies and deals --------------------------------------------------------------------- */

static str fold_name(struct deciding *x, str name)
{
	return str_trim(str_fold(x->a, name));
}

static bool decide_company(struct deciding *x)
{
	const struct intake *in = x->in;
	uint32_t external = 0, domain = 0, name = 0;
	if (in->company) {
		x->d->touch.company = in->company;
		return true;
	}
	if (!is_public(x) && !resolve(x, ID_COMPANY_EXTERNAL, in->company_id.system,
				      in->company_id.value, &external))
		return false;
	if (in->company_domain.n &&
	    !resolve(x, ID_COMPANY_DOMAIN, S(""), fold_name(x, in->company_domain), &domain))
		return false;
	if (in->company_name.n &&
	    !resolve(x, ID_COMPANY_NAME, S(""), fold_name(x, in->company_name), &name))
		return false;
	uint32_t subject = external ? external : domain ? domain : name;
	if (!subject)
		return true;
	x->d->touch.company = subject;
	if (is_main_subject(x, ENTITY_COMPANY))
		x->known |= is_somebody(x, subject);
	if (domain && subject != domain && !join(x, subject, domain, JOIN_COMPANY))
		return false;
	/* A name joins only while it is not the name of another domain's or system's company. */
	bool free_name = name && !joins_has_kind(x->p, name, ID_COMPANY_DOMAIN) &&
			 !joins_has_kind(x->p, name, ID_COMPANY_EXTERNAL);
	return !free_name || name == subject || is_public(x) ||
	       join(x, subject, name, JOIN_COMPANY);
}

static bool decide_deal(struct deciding *x)
{
	const struct intake *in = x->in;
	uint32_t deal = (uint32_t)in->deal;
	if (!deal && !is_public(x) &&
	    !resolve(x, ID_DEAL, in->deal_id.system, in->deal_id.value, &deal))
		return false;
	x->d->touch.deal = deal;
	if (deal && is_main_subject(x, ENTITY_DEAL))
		x->known |= is_somebody(x, deal);
	return true;
}

/* ---- one intake ------------------------------------------------------------------------------ */

static bool reject(struct decided *d, const char *reason)
{
	d->outcome = OUTCOME_REJECTED;
	d->reason = reason;
	return true;
}

/* Joins are decided here; whoever else names one only asks for it by the ids that he gives. */
static bool forges_a_decision(const struct deciding *x)
{
	const struct intake *in = x->in;
	if (x->b->trust == TRUST_SELF || !touch_is_bookkeeping(in->name))
		return false;
	if (!str_eq(in->name, S("person_identified")))
		return true;
	const struct touch t = { .props = in->props, .props_n = in->props_n };
	return touch_prop(&t, S("profile")).kind != VALUE_NONE ||
	       touch_prop(&t, S("device")).kind != VALUE_NONE;
}

static const char *fault_of(const struct deciding *x)
{
	const struct intake *in = x->in;
	if (forges_a_decision(x))
		return "this name is the program's own: it cannot be sent";
	if (in->name.n == 0)
		return "a touch needs a name";
	if (in->name.n > 200)
		return "the name is longer than 200 bytes";
	if (!str_is_utf8(in->name))
		return "the name is not valid UTF-8";
	if (in->at_us < TIME_MIN_US || in->at_us > TIME_MAX_US)
		return "the time lies outside the years 1 to 9999";
	if (in->props_n > TOUCH_PROPS_MAX)
		return "it has more than 1000 properties";
	/* What identify, group and alias become. */
	bool update = str_eq(in->name, S("person_updated")) ||
		      str_eq(in->name, S("company_updated")) ||
		      (str_eq(in->name, S("person_identified")) && in->user_id.n &&
		       in->previous_id.n);
	if (is_public(x) && !update && people_name_is_reserved(in->name))
		return "this name is reserved: a write key may not send it";
	if (in->person > x->p->ids.kinds.n || in->company > x->p->ids.kinds.n ||
	    in->deal > x->p->ids.kinds.n)
		return "there is nobody of that number";
	return NULL;
}

/* A merge or a separation by hand must make sense now; replay only repeats it. */
static const char *fault_by_hand(const struct deciding *x)
{
	const struct intake *in = x->in;
	struct people *p = x->p;
	bool merge = str_eq(in->name, S("person_merged"));
	if (!merge && !str_eq(in->name, S("person_unmerged")))
		return NULL;
	if (in->person == 0 || people_entity_of(p, in->person) != ENTITY_PERSON)
		return "there is no such person";
	if (!merge)
		return joins_next(p, (uint32_t)in->person) == in->person
			       ? "this profile is joined with nobody"
			       : NULL;
	const struct touch t = { .props = in->props, .props_n = in->props_n };
	value other = touch_prop(&t, S("profile"));
	if (other.kind != VALUE_INT || other.i <= 0 || (uint64_t)other.i > p->ids.kinds.n ||
	    people_entity_of(p, (uint64_t)other.i) != ENTITY_PERSON)
		return "there is no such person";
	if (joins_root(p, (uint32_t)other.i) == joins_root(p, (uint32_t)in->person))
		return "these two are one person already";
	return NULL;
}

/* Whoever hung together only through the profile that is taken out stays together. */
static bool keep_rest_together(struct deciding *x)
{
	uint32_t profile = (uint32_t)x->in->person, first = 0;
	for (size_t i = 0; i < x->p->joins.edges.n; i++) {
		const struct edge *edge = &x->p->joins.edges.items[i];
		if (edge->refused || edge->cut ||
		    x->p->import_hidden(x->p->import_arg, edge->import) ||
		    x->p->touch_hidden(x->p->import_arg, edge->seq) ||
		    (edge->a != profile && edge->b != profile))
			continue;
		uint32_t other = edge->a == profile ? edge->b : edge->a;
		if (first == 0)
			first = other;
		else if (!record_join(x, first, other, S("by hand"), S(""), false))
			return false;
	}
	return true;
}

bool people_decide(struct people *p, const struct batch *b, const struct intake *in,
		   struct arena *a, struct decided *d, err *e)
{
	struct deciding x = { .p = p, .b = b, .in = in, .a = a, .d = d, .e = e };
	d->ids_n = d->then_n = 0;
	d->device = 0;
	d->outcome = OUTCOME_ACCEPTED;
	d->reason = NULL;
	d->touch = (struct touch){ .name = in->name,
				   .at_us = in->at_us,
				   .origin = in->origin,
				   .props = in->props,
				   .props_n = in->props_n,
				   .import = b->import,
				   .cause = in->cause,
				   .by = b->trust == TRUST_PUBLIC ? S("") : in->by,
				   .from_public = b->trust == TRUST_PUBLIC,
				   .fill = b->import && b->duplicates == DUPLICATES_FILL };
	const char *fault = fault_of(&x);
	if (!fault)
		fault = fault_by_hand(&x);
	if (fault)
		return reject(d, fault);
	if (!decide_person(&x) || !decide_company(&x) || !decide_deal(&x))
		return false;
	if (str_eq(in->name, S("person_unmerged")) && !keep_rest_together(&x))
		return false;
	if (a->over)
		return arena_err(a, e);
	bool somebody = d->touch.person || d->touch.company || d->touch.deal;
	d->subject_is_new = somebody && !x.known;
	/* A row of a file says several things about one subject: the first of them decides for all.
	 */
	if (in->row && in->row == p->row && b->import == p->row_import)
		d->subject_is_new = p->row_is_new;
	p->row = in->row;
	p->row_import = b->import;
	p->row_is_new = d->subject_is_new;
	if (b->import && b->duplicates == DUPLICATES_SKIP && !d->subject_is_new) {
		d->outcome = OUTCOME_SKIPPED;
		d->reason = "known already";
	}
	return true;
}
