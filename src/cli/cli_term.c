/*
 * cli_term.c - what the terminal can show, and text that fits it.
 *
 * What it is:   width, colours and characters of a terminal; widths of text by Unicode's tables.
 * Promises:     colours only on a terminal, and not with NO_COLOR (no-color.org) or TERM=dumb; no
 *               control character of anybody's data reaches the terminal.
 * Threads:      any.
 */
#include "cli/cli_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include "base/num.h"

#define TERMINAL_COLUMNS_MIN	 40
#define TERMINAL_COLUMNS_DEFAULT 80

static bool is_set(const char *name)
{
	const char *text = getenv(name);
	return text != NULL && text[0] != '\0';
}

/* Only a locale that names another character set says no: containers set none, and their terminals
 * read UTF-8 all the same. */
static bool locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!is_set(names[i]))
			continue;
		str s = str_of(getenv(names[i]));
		size_t dot = str_index(s, '.');
		str set = str_sub(s, dot + 1, s.n);
		return dot >= s.n || str_eq_nocase(set, S("UTF-8")) ||
		       str_eq_nocase(set, S("utf8"));
	}
	return true;
}

void terminal_look(struct terminal *t, int fd)
{
	const char *term = getenv("TERM");
	t->is_terminal = isatty(fd) == 1;
	t->colour = t->is_terminal && !is_set("NO_COLOR") && term != NULL && term[0] != '\0' &&
		    strcmp(term, "dumb") != 0;
	t->utf8 = locale_is_utf8();
	t->columns = SIZE_MAX;
	if (!t->is_terminal)
		return;
	struct winsize size;
	uint64_t columns = 0;
	if (!is_set("COLUMNS") || !num_parse_u64(str_of(getenv("COLUMNS")), &columns)) {
		if (ioctl(fd, TIOCGWINSZ, &size) == 0)
			columns = size.ws_col;
	}
	if (columns == 0)
		columns = TERMINAL_COLUMNS_DEFAULT;
	t->columns = MAX((size_t)columns, (size_t)TERMINAL_COLUMNS_MIN);
}

void terminal_style(const struct terminal *t, struct buf *b, enum style style)
{
	/* Of the 256 colours those nearest to the screens' (SCREENS.md) that can be read on light
	 * and dark alike. */
	static const char *const codes[] = {
		[STYLE_PLAIN] = "\x1b[0m",	  [STYLE_BOLD] = "\x1b[1m",
		[STYLE_GREY] = "\x1b[38;5;245m",  [STYLE_MARKETING] = "\x1b[38;5;37m",
		[STYLE_SALES] = "\x1b[38;5;173m", [STYLE_BAD] = "\x1b[31m",
	};
	if (t->colour)
		buf_cstr(b, codes[style]);
}

/* One character off the front; U+FFFD for a control character or a byte that is no UTF-8. */
static utf8proc_int32_t character_next(str *rest)
{
	utf8proc_int32_t c = -1;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)rest->p,
					      (utf8proc_ssize_t)MIN(rest->n, (size_t)4), &c);
	if (n < 1) {
		n = 1;
		c = -1;
	}
	*rest = str_sub(*rest, (size_t)n, rest->n);
	bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
	/* Characters that turn the direction of what follows could disguise it. */
	bool turns = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
	return control || turns ? 0xfffd : c;
}

static size_t character_width(utf8proc_int32_t c)
{
	int width = utf8proc_charwidth(c);
	return width > 0 ? (size_t)width : 0;
}

static void character_put(struct buf *b, utf8proc_int32_t c)
{
	utf8proc_uint8_t bytes[4];
	utf8proc_ssize_t n = utf8proc_encode_char(c, bytes);
	buf_put(b, bytes, (size_t)MAX(n, (utf8proc_ssize_t)0));
}

size_t text_width(str text)
{
	size_t width = 0;
	while (text.n > 0)
		width += character_width(character_next(&text));
	return width;
}

void text_put_fitted(const struct terminal *t, struct buf *b, str text, size_t columns)
{
	str ellipsis = t->utf8 ? S("…") : S(".");
	bool cut = text_width(text) > columns;
	size_t room = cut && columns > 0 ? columns - 1 : columns;
	size_t used = 0;
	while (text.n > 0) {
		utf8proc_int32_t c = character_next(&text);
		used += character_width(c);
		if (used > room)
			break;
		character_put(b, c);
	}
	if (cut && columns > 0)
		buf_str(b, ellipsis);
}

void text_put_clean(struct buf *b, str text)
{
	while (text.n > 0)
		character_put(b, character_next(&text));
}

void text_put_wrapped(struct buf *b, size_t column, size_t indent, size_t columns, str text)
{
	for (str word; str_next(&text, ' ', &word);) {
		size_t width = text_width(word);
		if (column + width + 1 > columns && column > indent) {
			buf_byte(b, '\n');
			for (size_t i = 0; i < indent; i++)
				buf_byte(b, ' ');
			column = indent;
		} else if (column > indent) {
			buf_byte(b, ' ');
			column++;
		}
		text_put_clean(b, word);
		column += width;
	}
	buf_byte(b, '\n');
}

void terminal_put(const struct terminal *t, struct buf *b, enum style style, str text)
{
	if (style != STYLE_PLAIN)
		terminal_style(t, b, style);
	text_put_clean(b, text);
	if (style != STYLE_PLAIN)
		terminal_style(t, b, STYLE_PLAIN);
}
