/*
 * listen.c - the calls that commands make to the journal of a running server.
 *
 * What it is:   a thread that lets in, a thread for each command; each call goes through the same
 * doors as everybody's. Only the user that the server runs as, and root, are let in.
 * Promises:     a stop answers what was taken; a command that is killed leaves what a killed import
 *               leaves: something to be resumed or taken back.
 */
#include "journal/remote_int.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COMMANDS_MAX   16
#define CALL_ARENA_MAX (512 * MIB)
#define ACCEPT_WAIT_MS 200

struct command_peer {
	struct listener *l;
	struct thread thread;
	int fd; /* -1: the place is free */
	bool ended;
};

struct listener {
	struct journal *j;
	int fd;
	struct thread thread;
	struct mutex mutex; /* guards stop and the peers' fd and ended */
	bool stop;
	struct command_peer peers[COMMANDS_MAX];
};

static bool put_config(void *arg, str name, str held, uint64_t from_seq, int64_t from_us, str by)
{
	struct buf *b = arg;
	buf_lenstr(b, name);
	buf_lenstr(b, held);
	buf_lenstr(b, by);
	buf_varint(b, from_seq);
	buf_zigzag(b, from_us);
	return true;
}

static bool config_each(struct journal *j, struct buf *text, err *e)
{
	buf_clear(text);
	if (!journal_config_watch(j, put_config, text, e))
		return false;
	journal_config_unwatch(j, put_config, text);
	return buf_ok(text, e);
}

static bool carry_out(struct journal *j, struct wire_request *q, struct wire_reply *r,
		      struct buf *text, err *e)
{
	struct undo_result undone;
	struct erasure erasure;
	switch (q->call) {
	case WIRE_HELLO:
		if (str_eq(q->text, S(TRICHTER_VERSION)))
			return true;
		return err_set(e, ERR_CONFLICT,
			       "the server is version " TRICHTER_VERSION
			       ", this command is %.*s: use the server's own",
			       STR_ARG(q->text));
	case WIRE_BATCH:
		return journal_submit(j, &q->batch, e);
	case WIRE_IMPORT_BEGIN:
		return journal_import_begin(j, q->text, &r->a, e);
	case WIRE_IMPORT_CLOSE:
		return journal_import_close(j, q->import, q->text, e);
	case WIRE_IMPORT_UNDO:
		if (!journal_import_undo(j, q->import, &undone, e))
			return false;
		r->a = undone.touches;
		r->b = undone.subjects;
		return true;
	case WIRE_CONFIG:
		return q->import ? journal_config_add(j, q->name, q->text, q->by, e)
				 : journal_config_set(j, q->name, q->text, q->by, e);
	case WIRE_CONFIG_EACH:
		if (!config_each(j, text, e))
			return false;
		r->text = buf_view(text);
		return true;
	case WIRE_FLUSH:
		return journal_flush(j, e);
	case WIRE_ERASE:
		erasure = (struct erasure){ .person = q->import, .by = q->by };
		if (!journal_erase(j, &erasure, e))
			return false;
		r->a = erasure.touches;
		r->b = erasure.profiles;
		return true;
	}
	return err_set(e, ERR_INVALID, "no such call");
}

/* One call and its answer; false: the connection is at its end. */
static bool answer_one(struct command_peer *p, struct buf *frame, struct buf *out, struct buf *text,
		       struct arena *a)
{
	struct wire_request q;
	struct wire_reply r = { 0 };
	err e = { 0 };
	bool more;
	if (!wire_read(p->fd, frame, &more, &e) || !more)
		return false;
	arena_reset(a);
	bool is_call = wire_get_request(buf_view(frame), a, &q, &r.e);
	r.ok = is_call && carry_out(p->l->j, &q, &r, text, &r.e);
	buf_clear(out);
	return wire_put_reply(out, &r, q.items, q.batch.n, &e) &&
	       wire_write(p->fd, buf_view(out), &e) && is_call;
}

static void *peer_run(void *arg)
{
	struct command_peer *p = arg;
	struct buf frame CLEANUP(buf_fini), out CLEANUP(buf_fini), text CLEANUP(buf_fini);
	struct arena a CLEANUP(arena_fini);
	buf_init(&frame, WIRE_FRAME_BYTES_MAX);
	buf_init(&out, WIRE_FRAME_BYTES_MAX);
	buf_init(&text, WIRE_FRAME_BYTES_MAX);
	arena_init(&a, CALL_ARENA_MAX);
	while (answer_one(p, &frame, &out, &text, &a))
		;
	mutex_lock(&p->l->mutex);
	p->ended = true;
	mutex_unlock(&p->l->mutex);
	return NULL;
}

static bool peer_may(int fd)
{
	struct ucred who;
	socklen_t n = sizeof who;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
	       (who.uid == geteuid() || who.uid == 0);
}

/* Places whose command has gone are free again. */
static void reap(struct listener *l, bool all)
{
	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		struct command_peer *p = &l->peers[i];
		mutex_lock(&l->mutex);
		bool ready = p->fd >= 0 && (all || p->ended);
		mutex_unlock(&l->mutex);
		if (!ready)
			continue;
		thread_join(&p->thread);
		close(p->fd);
		mutex_lock(&l->mutex);
		*p = (struct command_peer){ .l = l, .fd = -1 };
		mutex_unlock(&l->mutex);
	}
}

static struct command_peer *free_place(struct listener *l)
{
	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		if (l->peers[i].fd < 0)
			return &l->peers[i];
	}
	return NULL;
}

static void refuse(int fd, enum err_code code, const char *why)
{
	struct wire_reply r = { 0 };
	struct buf out CLEANUP(buf_fini);
	err e = { 0 };
	buf_init(&out, 4 * KIB);
	err_set(&r.e, code, "%s", why);
	if (!wire_put_reply(&out, &r, NULL, 0, &e) || !wire_write(fd, buf_view(&out), &e))
		log_event(LOG_WARN, "command_refused", "code=%s", err_code_name(code));
	close(fd);
}

static void let_in(struct listener *l, int fd)
{
	struct command_peer *p = free_place(l);
	err e = { 0 };
	if (!peer_may(fd)) {
		refuse(fd, ERR_DENIED, "only the user that the server runs as may ask it");
		return;
	}
	if (!p) {
		refuse(fd, ERR_BUSY, "too many commands at once; try again in a moment");
		return;
	}
	mutex_lock(&l->mutex);
	p->fd = fd;
	mutex_unlock(&l->mutex);
	if (thread_start(&p->thread, "command", peer_run, p, &e))
		return;
	mutex_lock(&l->mutex);
	p->fd = -1;
	mutex_unlock(&l->mutex);
	refuse(fd, e.code, e.text);
}

static bool is_stopping(struct listener *l)
{
	mutex_lock(&l->mutex);
	bool stop = l->stop;
	mutex_unlock(&l->mutex);
	return stop;
}

static void *listener_run(void *arg)
{
	struct listener *l = arg;
	struct pollfd waiting = { .fd = l->fd, .events = POLLIN };
	while (!is_stopping(l)) {
		reap(l, false);
		if (poll(&waiting, 1, ACCEPT_WAIT_MS) <= 0)
			continue;
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			let_in(l, fd);
	}
	return NULL;
}

bool listener_start(struct journal *j, const char *dir, struct listener **l_r, err *e)
{
	struct listener *l = mem_zalloc(1, sizeof *l);
	if (!l)
		return err_nomem(e);
	l->j = j;
	mutex_init(&l->mutex);
	for (size_t i = 0; i < COMMANDS_MAX; i++)
		l->peers[i] = (struct command_peer){ .l = l, .fd = -1 };
	l->fd = -1;
	if (wire_listen(dir, &l->fd, e) &&
	    thread_start(&l->thread, "commands", listener_run, l, e)) {
		*l_r = l;
		return true;
	}
	if (l->fd >= 0)
		close(l->fd);
	mutex_fini(&l->mutex);
	mem_free(l);
	return false;
}

void listener_stop(struct listener **ll)
{
	struct listener *l = *ll;
	if (!l)
		return;
	*ll = NULL;
	mutex_lock(&l->mutex);
	l->stop = true;
	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		/* What was taken is answered; the next read finds the end. */
		if (l->peers[i].fd >= 0)
			shutdown(l->peers[i].fd, SHUT_RD);
	}
	mutex_unlock(&l->mutex);
	thread_join(&l->thread);
	reap(l, true);
	close(l->fd);
	mutex_fini(&l->mutex);
	mem_free(l);
}
