/*
 * collect_int.h - what the files of collecting share.
 *
 * What it is:   a call is one request from its body to its answer: read on the loop, written by the
 *               journal, answered by the journal's writer. Nobody waits in between.
 * Promises:     what is in flight together has a largest size; beyond it the answer is 429.
 * Threads:      a call belongs to one thread at a time; everything else says its lock.
 */
#ifndef TRICHTER_SERVER_COLLECT_INT_H
#define TRICHTER_SERVER_COLLECT_INT_H

#include "base/map.h"
#include "base/thread.h"
#include "base/vec.h"
#include "load/message.h"
#include "server/server_int.h"

#include <stdatomic.h>

#define COLLECT_BODY_BYTES_MAX	  ((size_t)500 * KIB) /* of a batch, not compressed */
#define COLLECT_MESSAGE_BYTES_MAX (32 * KIB)
#define COLLECT_MESSAGES_MAX	  2500 /* of a batch */
#define COLLECT_ARENA_BYTES_MAX	  (32 * MIB)
#define COLLECT_IN_FLIGHT_BYTES	  (256 * MIB)
#define COLLECT_FAULTS_MAX	  32
#define COLLECT_DETAILS_MAX	  20 /* rejected messages that an answer names one by one */
#define COLLECT_LATEST		  50 /* arrivals that a screen can look back on */
#define COLLECT_TEXT_MAX	  80

/* ---- collect_settings.c ---------------------------------------------------------------------- */

enum collect_bots { BOTS_MARK, BOTS_DROP, BOTS_COUNT };

/* A network, as of "192.0.2.0/24": addresses are compared by their first bits. */
struct collect_network {
	uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;
};

/* What the configuration `collect` and `privacy` say. Never changed once made. */
struct collect_settings {
	struct arena arena;
	size_t refs; /* under the collect's lock */
	enum collect_bots bots;
	bool honour_dnt, honour_gpc;
	uint64_t rate_per_s; /* messages of one key; 0: any */
	uint64_t names_max, keys_max;
	const struct collect_network *staff_networks;
	size_t staff_networks_n;
	const str *staff_domains, *test_hosts, *origins;
	size_t staff_domains_n, test_hosts_n, origins_n; /* no origins: any */
};
bool settings_open(struct collect *c, err *e) MUST_CHECK;
void settings_close(struct collect *c);
/* Under the collect's lock. */
void settings_unref(struct collect_settings *s);
bool settings_is_staff(const struct collect_settings *s, str client, str email);
bool settings_is_test(const struct collect_settings *s, str page_host);
bool settings_takes_origin(const struct collect_settings *s, str origin);

/* ---- collect_names.c: which event names and property keys there are already -------------------
 */

#define NAMES_SLOTS 32768

/* Read without a lock, added to under one; nothing is ever taken out. */
struct name_set {
	_Atomic(const struct name_entry *) slots[NAMES_SLOTS];
	atomic_size_t n;
};
struct names {
	struct mutex lock;
	struct arena arena;
	struct name_set events, keys;
	atomic_bool changed; /* since it was saved */
};
/* What DIR/collect.names holds from earlier runs. */
bool names_open(struct collect *c, err *e) MUST_CHECK;
void names_close(struct collect *c);
bool names_admit(struct names *n, bool is_key, str name, size_t n_max);
/* Writes the file when something is new. */
void names_save(struct collect *c);

/* ---- collect_status.c ------------------------------------------------------------------------ */

struct collect_fault {
	const char *word; /* a constant */
	uint64_t n;
};
struct collect_counts {
	uint64_t accepted, duplicate, rejected, marked, dropped_props;
	size_t faults_n;
	struct collect_fault faults[COLLECT_FAULTS_MAX];
};
void counts_fault(struct collect_counts *c, const char *word, uint64_t n);

struct collect_arrival {
	int64_t received_us, at_us;
	uint64_t key, seq;
	const char *outcome; /* "accepted", "duplicate", "rejected" */
	const char *fault;   /* or NULL */
	char name[COLLECT_TEXT_MAX], path[COLLECT_TEXT_MAX], source[COLLECT_TEXT_MAX];
};
struct collect_status {
	struct mutex lock;
	struct collect_counts counts; /* since the start */
	uint64_t requests, refused;   /* refused: 400, 401, 403, 429, 503 */
	int64_t first_us, latest_us;
	struct collect_arrival latest[COLLECT_LATEST];
	uint64_t arrivals; /* in all; the next stands at arrivals % COLLECT_LATEST */
};

/* ---- collect_call.c, collect_read.c ---------------------------------------------------------- */

struct collect_detail {
	size_t index;
	const char *fault;
	str problem;
};

struct collect_call {
	struct collect_call *next; /* in the pool */
	struct collect *collect;
	struct collect_settings *settings;
	struct http_request *http;
	struct arena arena;
	size_t charge; /* bytes counted as in flight */
	str body;      /* not compressed any more */
	str type;      /* that the address says: "track", ..., "batch" */
	str token;     /* the key that was sent; empty: none yet */
	uint64_t key;
	bool is_public, is_pixel;
	bool from_page; /* a browser sends it: what its request says of itself counts */
	bool says_no;	/* do not track, and that is honoured */
	str client, user_agent, referer;
	int64_t received_us;
	struct batch batch;
	size_t details_n, messages;
	/* From counts.faults on nothing is cleared for the next call. */
	struct collect_counts counts;
	struct collect_detail details[COLLECT_DETAILS_MAX];
};

/* A parser and room for a message's properties: one for each loop. */
struct collect_reader {
	struct collect_reader *next; /* of the collect's, to be freed with it */
	struct json_parser *parser;
	struct prop props[TOUCH_PROPS_MAX];
};

struct rate {
	double left;
	int64_t at_us;
};

struct collect {
	struct journal *journal;
	struct server *server;
	uint64_t number;   /* of all that this process has opened */
	struct mutex lock; /* guards what follows */
	struct collect_reader *readers;
	struct collect_call *calls;
	size_t calls_n;
	struct collect_settings *settings;
	struct map64 rate_at; /* key -> index into rates */
	VEC(struct rate) rates;
	/* not under the lock */
	struct buf collect_text, privacy_text,
		workspace_text; /* the configuration as told: the writer's */
	atomic_size_t in_flight;
	struct names names;
	struct collect_status status;
	struct thread janitor;
	struct mutex janitor_lock;
	struct cond janitor_wakes;
	bool janitor_stops;
};

/* The body as JSON into touches. False: `status` (when not 0) and `e` say why the whole request is
 * refused. */
bool call_read(struct collect_call *k, int *status_r, err *e) MUST_CHECK;
/* Who sends it: by header, address or body. */
bool call_find_key(struct collect_call *k, const struct json *root, int *status_r,
		   err *e) MUST_CHECK;

struct collect_call *call_take(struct collect *c, struct http_request *r);
void call_give(struct collect_call **k);
/* This thread's own. */
struct collect_reader *reader_mine(struct collect *c, err *e) MUST_CHECK;
/* A second's allowance of the key holds `n` more messages. */
bool rate_allows(struct collect *c, const struct collect_settings *s, uint64_t key, size_t n);

/* collect_status.c: after the answer is known. */
void status_note(struct collect_call *k);
void status_refused(struct collect *c);
bool collect_status_get(struct request *q, struct answer *a, err *e) MUST_CHECK;

/* collect_pixel.c */
bool collect_pixel(struct request *q, struct answer *a, err *e) MUST_CHECK;
void pixel_answer(struct http_request *r, int status);

/* collect.c: takes the call over; it will be answered. */
void call_run(struct collect_call *k);

#endif
