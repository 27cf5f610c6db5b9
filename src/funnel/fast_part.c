/*
 * fast_part.c - the touches of one segment that fill a step, for the subjects of a batch.
 *
 * What it is:   block by block: which names there are at all, which rows have one that is asked
 *               for, what their values say, and when they were. What lies outside of the period is
 *               passed over by the high bytes of its time, or else made to fill no step.
 * Promises:     found in the order of the rows.
 * Data from:    column blocks, verified as they are first read; codes and rows are checked where
 *               they lead to an array.
 * Threads:      belongs to a worker.
 */
#include "funnel/fast_kit_int.h"

#include <string.h>

void part_init(struct part *p)
{
	memset(p, 0, sizeof *p);
}

void part_fini(struct part *p)
{
	struct room *rooms[] = { &p->begins, &p->ends,	&p->places, &p->subjects, &p->pieces,
				 &p->steps,  &p->masks, &p->poses,  &p->highs,	  &p->ats,
				 &p->bits,   &p->ranks, &p->codes,  &p->visits };
	for (size_t i = 0; i < ARRAY_LEN(rooms); i++)
		room_fini(rooms[i]);
	ints_cursor_fini(&p->when);
	ints_cursor_fini(&p->value);
	ints_cursor_fini(&p->group);
}

static bool take_subjects(struct job *j, struct part *p, struct cursor *c, uint64_t bound, err *e)
{
	size_t first = (size_t)(c->next - c->window_at);
	size_t low = first, high = c->window_n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if ((uint64_t)c->subject[mid] < bound)
			low = mid + 1;
		else
			high = mid;
	}
	size_t n = low - first;
	if (!room_for(j, &p->begins, n, sizeof *p->begin, e) ||
	    !room_for(j, &p->ends, n, sizeof *p->end, e) ||
	    !room_for(j, &p->places, n, sizeof *p->place, e) ||
	    !room_for(j, &p->subjects, n, sizeof *p->subject, e))
		return false;
	p->p = c->p;
	p->taken_n = n;
	p->subject = c->subject + first;
	p->row = c->begin + first;
	p->begin = p->begins.p;
	p->end = p->ends.p;
	p->place = p->places.p;
	p->first_row = p->row[0] / WORD_ROWS * WORD_ROWS;
	c->next += n;
	c->row = p->row[n];
	return c->row - p->first_row < UINT32_MAX ||
	       err_set(e, ERR_LIMIT, "one subject has more than 4 thousand million touches");
}

static bool make_room(struct job *j, struct part *p, err *e)
{
	size_t touches = (size_t)(p->row[p->taken_n] - p->row[0]);
	size_t words = (size_t)(p->row[p->taken_n] - p->first_row) / WORD_ROWS + 1;
	size_t most = touches + ARRAY_SLACK;
	if (!room_for(j, &p->steps, most, 1, e) || !room_for(j, &p->highs, most, 1, e) ||
	    !room_for(j, &p->poses, most, sizeof(uint32_t), e) ||
	    !room_for(j, &p->ats, most, sizeof(int64_t), e) ||
	    !room_for(j, &p->bits, words, sizeof(uint64_t), e) ||
	    !room_for(j, &p->ranks, words, sizeof(uint32_t), e))
		return false;
	if (j->wide && !room_for(j, &p->masks, most, sizeof(uint32_t), e))
		return false;
	p->found = (struct found){ .step = p->steps.p,
				   .high = p->highs.p,
				   .pos = p->poses.p,
				   .bits = p->bits.p,
				   .rank = p->ranks.p };
	p->at = p->ats.p;
	p->mask = p->masks.p;
	return true;
}

/* Nothing of the rest of the piece is asked for. */
static void skip_piece(struct part *p, const struct piece *k)
{
	size_t n = (k->to - 1) / WORD_ROWS - k->from / WORD_ROWS + 1;
	for (size_t i = 0; i < n; i++) {
		p->found.bits[k->find.first_word + i] = 0;
		p->found.rank[k->find.first_word + i] = (uint32_t)p->found.n;
	}
}

/* Codes that do not lie in the file as `find` reads them: all the same, or packed in another way.
 */
static bool unpack_names(struct job *j, struct part *p, struct piece *k, err *e)
{
	const struct column_block *b = &k->name;
	size_t n = k->to - k->from;
	int64_t some[WORD_ROWS];
	if (!room_for(j, &p->codes, COLFILE_BLOCK_ROWS + ARRAY_SLACK, sizeof(uint32_t), e))
		return false;
	uint32_t *codes = p->codes.p;
	for (size_t i = 0; i < n; i += WORD_ROWS) {
		size_t some_n = MIN(n - i, WORD_ROWS);
		if (!block_ints(b, k->from + i, some_n, some, e))
			return false;
		for (size_t s = 0; s < some_n; s++)
			codes[k->from + i + s] = (uint32_t)some[s];
	}
	k->find.codes = p->codes.p;
	k->find.width = 32;
	return true;
}

/* Sets which high bytes of times may lie in the period. False: none. */
static bool choose_high(const struct job *j, const struct column_block *b, struct find *f)
{
	const __int128 scale = b->scale;
	const unsigned low = b->width - 8;
	__int128 least = ((__int128)j->from_us - b->base + scale - 1) / scale;
	__int128 past = (__int128)j->until_us - b->base; /* times below base + past */
	if (past <= 0)
		return false;
	__int128 most = (past - 1) / scale;
	__int128 begins = ((__int128)j->q->rules->to_us - 1 - b->base) / scale >> low;
	least = MAX(least, (__int128)0) >> low;
	most = MIN(most >> low, (__int128)UINT8_MAX);
	if (least > most)
		return false;
	f->high = b->bytes;
	f->high_min = (uint8_t)least;
	f->high_max = (uint8_t)most;
	f->late = STEP_LATE(j->q->rules->steps_n);
	f->begin_max = UINT8_MAX;
	if (!j->wide && begins >= 0 && begins < most)
		f->begin_max = (uint8_t)begins;
	return true;
}

/* k->wanted stays false: nothing in the block can matter. */
static bool open_piece(struct job *j, struct part *p, struct piece *k, err *e)
{
	const struct segment *s = p->p->s->segment;
	struct find *f = &k->find;
	struct column_block peeked;
	column_peek(segment_at(s), k->number, &peeked);
	if (peeked.max < j->from_us || peeked.min >= j->until_us)
		return true;
	column_peek(segment_name(s), k->number, &peeked);
	if ((peeked.present & p->p->wanted) == 0)
		return true;
	if (!column_block(segment_name(s), k->number, &k->name, e) ||
	    !column_block(segment_at(s), k->number, &k->at, e))
		return false;
	f->codes = k->name.bytes;
	f->width = k->name.width;
	f->class_of = p->p->class_of;
	f->classes_n = p->p->classes_n;
	if (p->p->s->hidden)
		f->hidden = p->p->s->hidden + k->number * BLOCK_WORDS;
	k->wanted = k->at.codec != CODEC_SPLIT || choose_high(j, &k->at, f);
	bool in_place = k->name.codec == CODEC_PACKED && k->name.width >= 4;
	return !k->wanted || in_place || unpack_names(j, p, k, e);
}

static uint32_t code_of(const struct find *f, size_t row)
{
	uint32_t code = 0;
	if (f->width == 4)
		return f->codes[row / 2] >> row % 2 * 4 & 0xf;
	memcpy(&code, f->codes + row * (f->width / 8), f->width / 8);
	return code;
}

/* The steps that what was found in the piece fills, from names and values. */
static bool put_steps(struct job *j, struct part *p, const struct piece *k, err *e)
{
	const struct fast_segment *s = p->p->s;
	const uint8_t nothing = STEP_NOTHING(j->q->rules->steps_n);
	if (p->p->all_by_steps && !j->wide)
		return true;
	for (size_t i = k->found_from; i < p->found.n; i++) {
		if (!j->wide && p->found.step[i] != CLASS_BY_VALUE)
			continue;
		uint64_t row = p->first_row + p->found.pos[i];
		uint32_t name = code_of(&k->find, (size_t)(row % COLFILE_BLOCK_ROWS));
		const struct fast_name *n = &s->names[name];
		uint32_t mask = n->steps;
		int64_t code = 0;
		if (n->by_value) {
			if (!ints_cursor_get(&p->value, row, &code, e))
				return false;
			if ((uint64_t)code <= s->values_n)
				mask |= n->by_value[code];
		}
		if (j->wide)
			p->mask[i] = mask;
		else
			p->found.step[i] = mask == 0 ? nothing : (uint8_t)__builtin_ctz(mask);
	}
	return true;
}

/* Times of blocks that are not read in place. */
static bool unpack_times(struct part *p, size_t from, size_t to, err *e)
{
	for (size_t i = from; i < to; i++)
		if (!ints_cursor_get(&p->when, p->first_row + p->found.pos[i], &p->at[i], e))
			return false;
	return true;
}

static bool put_times(struct job *j, struct part *p, const struct piece *k, size_t to, err *e)
{
	const struct column_block *b = &k->at;
	size_t from = k->found_from;
	bool in_place = b->codec == CODEC_SPLIT ||
			(b->codec == CODEC_PACKED && b->width <= COLFILE_WIDTH_MAX);
	if (!in_place)
		return unpack_times(p, from, to, e);
	struct times t = { .block = b,
			   .pos = p->found.pos + from,
			   .high = p->found.high + from,
			   .sub = k->find.first_pos,
			   .n = to - from,
			   .at = p->at + from };
	j->kit->times(&t);
	return true;
}

/* What lies outside of the period fills nothing; what lies behind it begins nothing. */
static void keep_period(const struct job *j, struct part *p, const struct piece *k, size_t to)
{
	const struct chain_rules *rules = j->q->rules;
	size_t from = k->found_from;
	if (k->at.min >= j->from_us && k->at.max < MIN(rules->to_us, j->until_us))
		return;
	if (!j->wide) {
		struct keep keep = { .step = p->found.step + from,
				     .at = p->at + from,
				     .n = to - from,
				     .from_us = j->from_us,
				     .until_us = j->until_us,
				     .to_us = rules->to_us,
				     .nothing = STEP_NOTHING(rules->steps_n),
				     .late = STEP_LATE(rules->steps_n) };
		j->kit->keep(&keep);
		return;
	}
	for (size_t i = from; i < to; i++) {
		int64_t at = p->at[i];
		if (at < j->from_us || at >= j->until_us)
			p->mask[i] = 0;
		else if (at >= rules->to_us && !j->q->lifecycle && !j->q->out_of_order)
			p->mask[i] &= ~UINT32_C(1);
	}
}

/* Looks through the blocks, one after another. */
static bool find_pieces(struct job *j, struct part *p, err *e)
{
	uint64_t row = p->row[0], end = p->row[p->taken_n];
	size_t most = (size_t)((end - row) / COLFILE_BLOCK_ROWS) + 2;
	if (!room_for(j, &p->pieces, most, sizeof *p->piece, e))
		return false;
	p->piece = p->pieces.p;
	p->pieces_n = 0;
	while (row < end) {
		struct piece *k = &p->piece[p->pieces_n++];
		*k = (struct piece){ .number = (size_t)(row / COLFILE_BLOCK_ROWS),
				     .from = (size_t)(row % COLFILE_BLOCK_ROWS),
				     .found_from = p->found.n };
		uint64_t block_row = row - k->from;
		k->to = (size_t)MIN(end - block_row, (uint64_t)COLFILE_BLOCK_ROWS);
		k->find.first_pos = (uint32_t)(block_row - p->first_row);
		k->find.first_word = (size_t)(row - p->first_row) / WORD_ROWS;
		row = block_row + k->to;
		if (!open_piece(j, p, k, e))
			return false;
		if (!k->wanted) {
			skip_piece(p, k);
			continue;
		}
		j->kit->find(&k->find, k->from, k->to, &p->found);
		if (!put_steps(j, p, k, e))
			return false;
	}
	if (end % WORD_ROWS == 0) { /* no piece has the word behind the last row */
		p->found.bits[(end - p->first_row) / WORD_ROWS] = 0;
		p->found.rank[(end - p->first_row) / WORD_ROWS] = (uint32_t)p->found.n;
	}
	return true;
}

/* ---- whose touches these are ----------------------------------------------------------------- */

static inline bool set_has(const struct fast_set *s, uint64_t n)
{
	return n < s->n && (s->bits[n / 64] >> n % 64 & 1) != 0;
}

/* The subjects that are to be counted; without touches found only in the lifecycle. */
static void choose_subjects(const struct job *j, struct part *p)
{
	const struct fast_question *q = j->q;
	struct ends ends = { .row = p->row,
			     .n = p->taken_n,
			     .first_row = p->first_row,
			     .bits = p->found.bits,
			     .rank = p->found.rank,
			     .end = p->end };
	uint32_t begin = 0;
	size_t n = 0;
	j->kit->ends(&ends);
	for (size_t i = 0; i < p->taken_n; i++) {
		uint64_t subject = (uint64_t)p->subject[i];
		uint32_t end = p->end[i];
		bool keep = (subject != 0) & (q->lifecycle | (end > begin));
		if (q->only.bits)
			keep = keep && set_has(&q->only, subject);
		if (q->skip.bits)
			keep = keep && !set_has(&q->skip, subject);
		p->place[n] = (uint32_t)i;
		p->begin[n] = begin;
		p->end[n] = end;
		begin = end;
		n += keep;
	}
	p->n = n;
}

/* Drops who has no touch of step 0, and what was found of all who are not kept, when it pays. */
static void thin_out(const struct job *j, struct part *p, bool alone)
{
	const struct chain_rules *rules = j->q->rules;
	struct choice c = { .late = j->q->out_of_order ? STEP_LATE(rules->steps_n) : 0,
			    .step = p->found.step,
			    .high = p->found.high,
			    .pos = p->found.pos,
			    .begin = p->begin,
			    .end = p->end,
			    .place = p->place,
			    .n = p->n };
	bool some = rules->from_us > INT64_MIN || rules->to_us < INT64_MAX || p->p->few_begin;
	if (j->wide)
		return;
	if (some && alone)
		j->kit->prune(&c);
	p->n = c.n;
	if (c.n > p->taken_n - p->taken_n / 4)
		return;
	p->found.n = j->kit->pack(&c);
	/* Positions rise still, so each piece has what lies behind its first. */
	for (size_t k = 0, i = 0; k < p->pieces_n; k++) {
		struct piece *piece = &p->piece[k];
		uint32_t first = piece->find.first_pos + (uint32_t)piece->from;
		while (i < p->found.n && p->found.pos[i] < first)
			i++;
		piece->found_from = i;
	}
}

static void put_subjects(struct part *p)
{
	int64_t *subject = p->subjects.p;
	for (size_t i = 0; i < p->n; i++)
		subject[i] = p->subject[p->place[i]];
	p->subject = subject;
}

static bool is_hidden(const struct part *p, uint64_t row)
{
	const uint64_t *hidden = p->p->s->hidden;
	return hidden && (hidden[row / WORD_ROWS] >> row % WORD_ROWS & 1) != 0;
}

/* The first touch of each subject that lies in the period and is not hidden. */
static bool put_visits(struct job *j, struct part *p, err *e)
{
	const struct chain_rules *rules = j->q->rules;
	if (!room_for(j, &p->visits, p->n, sizeof *p->visit_row, e))
		return false;
	p->visit_row = p->visits.p;
	for (size_t i = 0; i < p->n; i++) {
		uint64_t low = p->row[p->place[i]], end = p->row[p->place[i] + 1], high = end;
		int64_t at = 0;
		while (rules->from_us > INT64_MIN && low < high) {
			uint64_t mid = low + (high - low) / 2;
			if (!ints_cursor_get(&p->when, mid, &at, e))
				return false;
			if (at < rules->from_us)
				low = mid + 1;
			else
				high = mid;
		}
		while (low < end && is_hidden(p, low))
			low++;
		p->visit_row[i] = UINT64_MAX;
		if (low == end)
			continue;
		if (!ints_cursor_get(&p->when, low, &at, e))
			return false;
		if (at < MIN(rules->to_us, j->until_us))
			p->visit_row[i] = low;
	}
	return true;
}

static void aim(struct ints_cursor *c, const struct column *column)
{
	if (c->column == column)
		return;
	ints_cursor_fini(c);
	*c = (struct ints_cursor){ 0 };
	if (column)
		ints_cursor_init(c, column);
}

static bool put_all_times(struct job *j, struct part *p, err *e)
{
	for (size_t k = 0; k < p->pieces_n; k++) {
		const struct piece *piece = &p->piece[k];
		size_t to = k + 1 < p->pieces_n ? p->piece[k + 1].found_from : p->found.n;
		if (to == piece->found_from)
			continue;
		if (!put_times(j, p, piece, to, e))
			return false;
		keep_period(j, p, piece, to);
	}
	return true;
}

bool part_take(struct job *j, struct part *p, struct cursor *c, uint64_t bound, bool alone, err *e)
{
	if (!take_subjects(j, p, c, bound, e) || !make_room(j, p, e))
		return false;
	aim(&p->when, segment_at(p->p->s->segment));
	aim(&p->value, p->p->s->value);
	aim(&p->group, p->p->s->group);
	if (!find_pieces(j, p, e))
		return false;
	choose_subjects(j, p);
	thin_out(j, p, alone);
	put_subjects(p);
	return put_all_times(j, p, e) && (!j->q->lifecycle || put_visits(j, p, e));
}
