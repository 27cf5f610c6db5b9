/*
 * channel_sources.c - well-known sites: which of them are search engines, social networks, shops or
 * video sites.
 *
 * What it is:   the project's own table, one sorted array for each first character. A name without
 * a dot ("google") stands for the site under any top-level domain and for the bare word; a name
 * with dots ("t.co", "shopping.yahoo") for exactly that site or, when it ends in a site's bare
 * name, for that part of it under any top-level domain. Promises:     lower case, sorted bytewise
 * within its array: test_channel.c checks it. Threads:      constants.
 */
#include "journal/channel_int.h"

/* Tables read best as running text. */
/* clang-format off */
#define SEARCH(name) { name, SOURCE_SEARCH }
#define SOCIAL(name) { name, SOURCE_SOCIAL }
#define SHOP(name)   { name, SOURCE_SHOPPING }
#define VIDEO(name)  { name, SOURCE_VIDEO }

static const struct channel_source digits[] = {
	SHOP("11st"), SEARCH("360"), SOCIAL("43things"), SOCIAL("51.com"), SOCIAL("5ch.net"),
	SOCIAL("9gag"),
};
static const struct channel_source letter_a[] = {
	SHOP("aboutyou"), SOCIAL("academia.edu"), SOCIAL("activerain"), SOCIAL("activeworlds"),
	SOCIAL("addthis"), SHOP("adidas"), SOCIAL("airg"), SHOP("alibaba"), SEARCH("alice"),
	SHOP("aliexpress"), SHOP("allegro"), SOCIAL("allnurses"), SOCIAL("allrecipes"),
	SEARCH("alltheweb"), SEARCH("altavista"), SOCIAL("alumniclass"), SHOP("amazon"),
	SHOP("amazon-adsystem"), SOCIAL("ameba.jp"), SOCIAL("ameblo"), SHOP("americanas.com.br"),
	SOCIAL("americantowns"), SOCIAL("ancestry.com"), SOCIAL("anobii"), SOCIAL("answerbag"),
	SOCIAL("answers.yahoo"), SEARCH("aol"), SOCIAL("aolanswers"), SEARCH("arcor"),
	VIDEO("ardmediathek"), VIDEO("arte.tv"), SOCIAL("artstation"), SEARCH("ask"),
	SOCIAL("askubuntu"), SOCIAL("asmallworld"), SHOP("asos"), SOCIAL("athlinks"),
	SEARCH("auone"), SEARCH("avg"), SOCIAL("awe.sm"),
};
static const struct channel_source letter_b[] = {
	SOCIAL("baby-gaga"), SOCIAL("babyblog"), SEARCH("babylon"), SOCIAL("badoo"),
	SEARCH("baidu"), SOCIAL("bandcamp"), SOCIAL("bebo"), SHOP("become.com"),
	SOCIAL("beforeitsnews"), SOCIAL("behance"), SOCIAL("bereal"), SHOP("bestbuy"),
	SOCIAL("bharatstudent"), SEARCH("biglobe"), SOCIAL("biip"), VIDEO("bilibili"),
	SHOP("billiger.de"), SEARCH("bing"), SOCIAL("biswap"), SOCIAL("bit.ly"),
	VIDEO("bitchute"), SHOP("bizrate"), SOCIAL("blackcareernetwork"), SOCIAL("blackplanet"),
	SEARCH("blekko"), SOCIAL("blip.fm"), VIDEO("blip.tv"), SOCIAL("blog.com"),
	SOCIAL("blog.goo"), SOCIAL("blog.naver"), SOCIAL("blog.yahoo"), SOCIAL("blogg"),
	SOCIAL("bloggang"), SOCIAL("blogger"), SOCIAL("blogher"), SOCIAL("bloglines"),
	SOCIAL("blogs.com"), SOCIAL("blogsome"), SOCIAL("blogspot"), SOCIAL("blogster"),
	SOCIAL("bluesky"), SOCIAL("blurtit"), SEARCH("boardreader"), SHOP("bol.com"),
	SOCIAL("bookmarks.yahoo"), SEARCH("brave"), VIDEO("brightcove"), SOCIAL("brightkite"),
	SOCIAL("brizzly"), SOCIAL("bsky"), SOCIAL("buff.ly"), SHOP("bukalapak"),
	SOCIAL("buzzfeed"), SOCIAL("buzznet"),
};
static const struct channel_source letter_c[] = {
	SOCIAL("cafe.naver"), SOCIAL("cafemom"), SOCIAL("camospace"), SOCIAL("canalblog"),
	SOCIAL("capterra"), SOCIAL("care.com"), SOCIAL("care2"), SOCIAL("caringbridge"),
	SOCIAL("catster"), SOCIAL("cbnt.io"), SHOP("cdiscount"), SOCIAL("cellufun"),
	SHOP("ceneo"), SOCIAL("centerblog"), SEARCH("centrum"), SHOP("check24"), SOCIAL("chegg"),
	SOCIAL("chicagonow"), SOCIAL("chiebukuro.yahoo"), SEARCH("chrome-search"),
	SOCIAL("classmates"), SOCIAL("classquest"), SOCIAL("clubhouse"), SEARCH("cnn"),
	SEARCH("coccoc"), SOCIAL("cocolog-nifty"),
	SEARCH("com.google.android.googlequicksearchbox"), SEARCH("comcast"), SEARCH("conduit"),
	SHOP("coolblue"), SOCIAL("copainsdavant.linternaute"), SHOP("costco"),
	SOCIAL("couchsurfing"), SHOP("coupang"), SOCIAL("cozycot"), VIDEO("crackle"),
	SOCIAL("cross.tv"), SOCIAL("crunchyroll"), VIDEO("curiositystream"), SOCIAL("cyworld"),
};
static const struct channel_source letter_d[] = {
	VIDEO("d.tube"), VIDEO("dailymotion"), SOCIAL("dailystrength"), SEARCH("daum"),
	SHOP("dealabs"), SOCIAL("deluxe.com"), SOCIAL("dev.to"), SOCIAL("deviantart"),
	SOCIAL("dianping"), SOCIAL("digg"), SHOP("digitec"), SOCIAL("diigo"), SOCIAL("discord"),
	SOCIAL("discordapp"), VIDEO("disneyplus"), SOCIAL("disqus"), SEARCH("docomo"),
	SEARCH("dogpile"), SOCIAL("dogster"), SOCIAL("dol2day"), SOCIAL("doostang"),
	SOCIAL("dopplr"), SOCIAL("douban"), SOCIAL("douyin"), SOCIAL("draugiem"),
	SOCIAL("dribbble"), SOCIAL("drugs-forum"), VIDEO("dtube"), SEARCH("duckduckgo"),
	SOCIAL("dzone"),
};
static const struct channel_source letter_e[] = {
	SHOP("ebay"), SEARCH("ecosia"), SOCIAL("edublogs"), SOCIAL("elftown"), SHOP("emag.ro"),
	SEARCH("eniro"), SOCIAL("epicurious"), SHOP("etsy"), SOCIAL("everforo"),
	SEARCH("exalead"), SOCIAL("exblog"), SEARCH("excite"), SOCIAL("extole"),
};
static const struct channel_source letter_f[] = {
	SOCIAL("facebook"), SOCIAL("faceparty"), SOCIAL("fandom"), SOCIAL("fanpop"),
	SOCIAL("fark"), SOCIAL("fb"), SOCIAL("fc2"), SOCIAL("feedspot"), SOCIAL("feministing"),
	SOCIAL("filmaffinity"), SEARCH("fireball"), SEARCH("firmy.cz"), SOCIAL("flickr"),
	SOCIAL("flipboard"), SHOP("flipkart"), VIDEO("floatplane"), SHOP("fnac"),
	SOCIAL("folkdirect"), SOCIAL("foodservice"), SOCIAL("forums.androidcentral"),
	SOCIAL("forums.crackberry"), SOCIAL("forums.imore"), SOCIAL("forums.webosnation"),
	SOCIAL("forums.wpcentral"), SOCIAL("fosstodon.org"), SOCIAL("fotki"), SOCIAL("fotolog"),
	SOCIAL("foursquare"), SEARCH("freenet.de"), SOCIAL("friendfeed"),
	SOCIAL("fruehstueckstreff"), SOCIAL("fubar"),
};
static const struct channel_source letter_g[] = {
	SOCIAL("g2.com"), SOCIAL("gab.com"), SOCIAL("gaiaonline"), SHOP("galaxus"),
	SOCIAL("gamerdna"), SOCIAL("gather.com"), SHOP("geizhals"), SOCIAL("geni.com"),
	SOCIAL("getpocket"), SOCIAL("gettr"), SOCIAL("ghost.io"), SEARCH("gibiru"),
	SEARCH("gigablast"), SOCIAL("glassboard"), SOCIAL("glassdoor"), SEARCH("globo"),
	SHOP("gmarket"), SOCIAL("godtube"), SOCIAL("goldenline"), SOCIAL("goldstar"),
	SOCIAL("goo.gl"), SEARCH("goo.ne.jp"), SOCIAL("gooblog"), SOCIAL("goodreads"),
	SEARCH("google"), SHOP("google shopping"), SOCIAL("google+"), SEARCH("google-play"),
	SHOP("google.shopping"), SOCIAL("googlegroups"), SOCIAL("googleplus"), SOCIAL("govloop"),
	SOCIAL("gowalla"), SOCIAL("gree.jp"), SOCIAL("groups.google"), SHOP("guenstiger.de"),
	SOCIAL("gulli"), SHOP("gumtree"), SOCIAL("gutefrage"),
};
static const struct channel_source letter_h[] = {
	SOCIAL("habbo"), SOCIAL("hachyderm.io"), SOCIAL("hackernews"), SOCIAL("hashnode"),
	SOCIAL("hatena"), VIDEO("hbomax"), SHOP("heureka.cz"), SOCIAL("hi5"), SHOP("homedepot"),
	SOCIAL("hootsuite"), SEARCH("hotbot"), SOCIAL("houzz"), SOCIAL("hoverspot"),
	SOCIAL("hr.com"), SOCIAL("hubculture"), SOCIAL("hubpages"), VIDEO("hulu"),
	SOCIAL("hyves"),
};
static const struct channel_source letter_i[] = {
	SOCIAL("ibibo"), SHOP("idealo"), SOCIAL("identi.ca"), SOCIAL("ig"), SHOP("igshopping"),
	SOCIAL("imageshack"), SOCIAL("imgur"), SOCIAL("imvu"), SEARCH("incredimail"),
	SOCIAL("indiehackers"), SEARCH("info.com"), SOCIAL("insanejournal"), SOCIAL("insta"),
	SOCIAL("instagram"), SOCIAL("instapaper"), SOCIAL("internations"), SOCIAL("interpals"),
	SOCIAL("intherooms"), VIDEO("iq.com"), VIDEO("iqiyi"), SOCIAL("irc-galleria"),
	SOCIAL("is.gd"), SOCIAL("italki"), SEARCH("ixquick"),
};
static const struct channel_source letter_j[] = {
	SOCIAL("jammerdirect"), SOCIAL("jappy"), SHOP("jd.com"), SOCIAL("jodel"),
	VIDEO("joyn.de"), VIDEO("justin.tv"),
};
static const struct channel_source letter_k[] = {
	SOCIAL("kaboodle"), SEARCH("kagi"), SOCIAL("kakao"), SOCIAL("kakaocorp"),
	SOCIAL("kaneva"), SHOP("kaufland"), SHOP("kelkoo"), VIDEO("kick.com"), SEARCH("kiddle"),
	SOCIAL("kin.naver"), SHOP("kleinanzeigen"), SOCIAL("kuaishou"), SOCIAL("kununu"),
	SEARCH("kvasir"),
};
static const struct channel_source letter_l[] = {
	SHOP("ladenzeile"), SOCIAL("last.fm"), SHOP("lazada"), SHOP("leboncoin"), SOCIAL("lemmy"),
	SEARCH("lens.google"), SEARCH("libero.it"), SOCIAL("librarything"),
	SOCIAL("lifestream.aol"), SOCIAL("line"), SOCIAL("linkedin"), SOCIAL("linktr.ee"),
	SOCIAL("linktree"), SOCIAL("listal"), SOCIAL("listography"), SOCIAL("livedoor"),
	SOCIAL("livedoorblog"), SOCIAL("livejournal"), VIDEO("liveleak"), SOCIAL("lnkd.in"),
	SOCIAL("lobste.rs"), SOCIAL("lokalisten"), VIDEO("loom.com"), SEARCH("lycos"),
};
static const struct channel_source letter_m[] = {
	SOCIAL("m.me"), SHOP("magazineluiza"), SEARCH("mail.ru"), SHOP("marktplaats"),
	SOCIAL("mastodon"), VIDEO("max.com"), SOCIAL("mbga"), SHOP("mediamarkt"),
	SOCIAL("medium.com"), SOCIAL("meetin.org"), SOCIAL("meetup"), SOCIAL("meinvz"),
	SOCIAL("meneame"), SOCIAL("menuism"), SHOP("mercadolibre"), SHOP("mercadolivre"),
	SOCIAL("messages.google"), SOCIAL("messages.yahoo"), SOCIAL("messenger"), SOCIAL("meta"),
	VIDEO("metacafe"), SEARCH("metacrawler"), SEARCH("metager"), SOCIAL("minds.com"),
	SOCIAL("mix.com"), SOCIAL("mixcloud"), SOCIAL("mixi"), SOCIAL("mocospace"),
	SHOP("moebel.de"), SEARCH("mojeek"), SOCIAL("mouthshut"), SOCIAL("movabletype"),
	SEARCH("msn"), SOCIAL("mubi"), VIDEO("mubi.tv"), SOCIAL("my.opera"),
	SOCIAL("myanimelist"), SHOP("mydealz"), SOCIAL("myheritage"), SOCIAL("mylife"),
	SOCIAL("mymodernmet"), SOCIAL("myspace"),
};
static const struct channel_source letter_n[] = {
	SEARCH("najdi"), SEARCH("nate"), SEARCH("naver"), SOCIAL("nebenan.de"),
	VIDEO("nebula.tv"), VIDEO("netflix"), SOCIAL("netvibes"), SHOP("newegg"),
	SEARCH("news.google"), SOCIAL("news.ycombinator"), SOCIAL("newsshowcase"),
	SOCIAL("nexopia"), SHOP("nextag"), SOCIAL("nextdoor"), SOCIAL("ngopost"),
	SOCIAL("niconico"), VIDEO("niconico.tv"), SOCIAL("nicovideo"), SOCIAL("nightlifelink"),
	SOCIAL("ning"),
};
static const struct channel_source letter_o[] = {
	SOCIAL("odnoklassniki"), VIDEO("odysee"), SOCIAL("ok.ru"), SOCIAL("okwave"), SHOP("olx"),
	SEARCH("onet"), SOCIAL("oneworldgroup"), SOCIAL("onstartups"), SOCIAL("opendiary"),
	SEARCH("orange.fr"), SOCIAL("oshiete.goo"), SHOP("otto.de"), SOCIAL("over-blog"),
	SOCIAL("overblog"), SHOP("overstock"), SOCIAL("ow.ly"), SHOP("ozon.ru"),
};
static const struct channel_source letter_p[] = {
	SOCIAL("paper.li"), VIDEO("paramountplus"), SOCIAL("parler"), SOCIAL("partyflock"),
	VIDEO("peacocktv"), VIDEO("peertube"), SEARCH("petal"), SEARCH("petalsearch"),
	SOCIAL("photobucket"), SOCIAL("pin.it"), SOCIAL("pinboard"), SHOP("pinduoduo"),
	SOCIAL("pingsta"), SOCIAL("pinterest"), SOCIAL("pixiv"), SEARCH("play.google"),
	SOCIAL("playahead"), VIDEO("plex.tv"), SOCIAL("plurk"), SOCIAL("plus.google"),
	SOCIAL("plus.url.google"), SOCIAL("pocket.co"), SOCIAL("posterous"),
	SHOP("preissuchmaschine.de"), SEARCH("presearch"), SHOP("pricegrabber"),
	SHOP("pricerunner"), SHOP("pricespy"), VIDEO("primevideo"), SOCIAL("pro.homeadvisor"),
	SOCIAL("producthunt"), SOCIAL("pulse.yahoo"),
};
static const struct channel_source letter_q[] = {
	SOCIAL("qapacity"), SOCIAL("quechup"), SOCIAL("quora"), SEARCH("qwant"),
	SOCIAL("qzone.qq"),
};
static const struct channel_source letter_r[] = {
	SEARCH("rakuten"), SHOP("rakuten.com"), SEARCH("rambler"), SOCIAL("ravelry"),
	SHOP("real.de"), SOCIAL("redd.it"), SOCIAL("reddit"), SOCIAL("redux"), SOCIAL("renren"),
	SOCIAL("researchgate"), SOCIAL("reunion"), SOCIAL("reverbnation"), SHOP("ricardo.ch"),
	SOCIAL("rtl.de"), VIDEO("rtlplus"), SHOP("rueducommerce"), VIDEO("rumble"),
	VIDEO("rutube"), SOCIAL("ryze"),
};
static const struct channel_source letter_s[] = {
	SHOP("s3.amazonaws.com"), SOCIAL("salespider"), SHOP("saturn.de"), SOCIAL("schuelervz"),
	SOCIAL("scoop.it"), SOCIAL("screenrant"), SOCIAL("scribd"), SOCIAL("scvngr"),
	SEARCH("search-results"), SEARCH("search.ch"), SEARCH("search.google"),
	SEARCH("search.naver"), SEARCH("search.yahoo"), SOCIAL("secondlife"),
	SOCIAL("serverfault"), SEARCH("seznam"), SOCIAL("shareit"), SOCIAL("sharethis"),
	SHOP("shein"), SEARCH("shenma"), SHOP("shop.app"), SHOP("shop.rakuten"), SHOP("shopee"),
	SHOP("shopify"), SHOP("shopping"), SHOP("shopping.google"), SHOP("shopping.naver"),
	SHOP("shopping.yahoo"), SHOP("shopzilla"), SOCIAL("shvoong"), SOCIAL("signal.group"),
	SHOP("simplycodes"), SOCIAL("sites.google"), SHOP("skroutz"), VIDEO("sky.de"),
	SOCIAL("skype"), SOCIAL("skyrock"), SOCIAL("slack"), SOCIAL("slashdot"),
	SHOP("slickdeals"), SOCIAL("slideshare"), SEARCH("sm.cn"), SOCIAL("smartnews"),
	SOCIAL("snap"), SOCIAL("snapchat"), SEARCH("so.com"), SOCIAL("social"),
	SOCIAL("social-network"), SOCIAL("sociallife"), SOCIAL("socialvibe"), SEARCH("sogou"),
	SOCIAL("soundcloud"), SOCIAL("spaces.live"), SOCIAL("spoke"), SOCIAL("spruz"),
	SOCIAL("ssense"), SOCIAL("stackapps"), SOCIAL("stackexchange"), SOCIAL("stackoverflow"),
	SOCIAL("stardoll"), SEARCH("startpage"), SEARCH("startsiden"), SOCIAL("stayfriends"),
	SOCIAL("stickam"), SOCIAL("strava"), VIDEO("streamable"), SHOP("stripe"),
	SOCIAL("studivz"), SHOP("subito.it"), SOCIAL("substack"), SEARCH("suche.gmx"),
	SEARCH("suche.t-online"), SEARCH("suche.web.de"), SOCIAL("suomi24"), SOCIAL("superuser"),
	SOCIAL("sweeva"), SEARCH("swisscows"),
};
static const struct channel_source letter_t[] = {
	SOCIAL("t.co"), SOCIAL("t.me"), SOCIAL("tagged"), SOCIAL("taggedmail"),
	SOCIAL("talkbiznow"), SHOP("taobao"), SHOP("target.com"), SOCIAL("taringa"),
	SOCIAL("techmeme"), VIDEO("ted"), SOCIAL("telegram"), SHOP("temu"), SOCIAL("tencent"),
	SEARCH("terra"), SOCIAL("threads"), SOCIAL("tiktok"), SOCIAL("tinyurl"), SHOP("tmall"),
	SHOP("tokopedia"), SOCIAL("toolbox"), SOCIAL("travellerspoint"), SOCIAL("tripadvisor"),
	SOCIAL("trombi"), SHOP("trovaprezzi"), SOCIAL("trustpilot"), SOCIAL("truthsocial"),
	SOCIAL("tudou"), VIDEO("tudou.tv"), SOCIAL("tuenti"), SOCIAL("tumblr"), SEARCH("tut.by"),
	SOCIAL("tweetdeck"), VIDEO("twitch"), SOCIAL("twitter"), SOCIAL("twoo"),
	SOCIAL("typepad"),
};
static const struct channel_source letter_u[] = {
	SEARCH("ukr"), SOCIAL("unblog"), SOCIAL("untappd"), SOCIAL("urbanspoon"),
	SOCIAL("ushareit"), SOCIAL("ushi.cn"), VIDEO("utreon"),
};
static const struct channel_source letter_v[] = {
	SOCIAL("vampirefreaks"), SOCIAL("vampirerave"), VIDEO("veoh"), VIDEO("vevo"),
	SOCIAL("vg.no"), SOCIAL("viadeo"), VIDEO("viadeo.journaldunet.com"), VIDEO("viddler"),
	SOCIAL("video.ibm.com"), VIDEO("vidio"), VIDEO("vidyard"), VIDEO("viki"), VIDEO("vimeo"),
	SHOP("vinted"), SEARCH("virgilio"), SOCIAL("vk"), SOCIAL("vkontakte"), SEARCH("voila"),
};
static const struct channel_source letter_w[] = {
	SOCIAL("wa.me"), SOCIAL("wakoopa"), SEARCH("walla.co.il"), SHOP("walmart"),
	SOCIAL("wattpad"), SHOP("wayfair"), SEARCH("webcrawler"), SOCIAL("webshots"),
	SOCIAL("wechat"), SOCIAL("weebly"), SOCIAL("weibo"), SOCIAL("wer-kennt-wen"),
	SOCIAL("wer-weiss-was"), SOCIAL("weread"), SOCIAL("whatsapp"), SOCIAL("wiki.answers"),
	SOCIAL("wikihow"), SOCIAL("wikitravel"), SHOP("wildberries"), SHOP("wish.com"),
	VIDEO("wistia"), SOCIAL("woot.com"), SOCIAL("wordpress"), SOCIAL("wykop"),
};
static const struct channel_source letter_x[] = {
	SOCIAL("x.com"), SOCIAL("xanga"), SOCIAL("xiaohongshu"), SOCIAL("xing"),
};
static const struct channel_source letter_y[] = {
	SEARCH("yahoo"), SOCIAL("yahoo-mbga"), SEARCH("yam"), SOCIAL("yammer"), SEARCH("yandex"),
	SOCIAL("yelp"), SEARCH("yep.com"), VIDEO("youku"), SOCIAL("youroom"), VIDEO("youtu.be"),
	VIDEO("youtube"), VIDEO("youtube-nocookie"),
};
static const struct channel_source letter_z[] = {
	SHOP("zalando"), SOCIAL("zalo"), VIDEO("zdf.de"), SOCIAL("zoo.gr"), SOCIAL("zooppa"),
};
#define LIST(array) { array, ARRAY_LEN(array) }
/* clang-format on */

static const struct channel_sources lists[] = {
	LIST(digits),	LIST(letter_a), LIST(letter_b), LIST(letter_c), LIST(letter_d),
	LIST(letter_e), LIST(letter_f), LIST(letter_g), LIST(letter_h), LIST(letter_i),
	LIST(letter_j), LIST(letter_k), LIST(letter_l), LIST(letter_m), LIST(letter_n),
	LIST(letter_o), LIST(letter_p), LIST(letter_q), LIST(letter_r), LIST(letter_s),
	LIST(letter_t), LIST(letter_u), LIST(letter_v), LIST(letter_w), LIST(letter_x),
	LIST(letter_y), LIST(letter_z),
};

struct channel_sources channel_sources_at(char first)
{
	if (first >= 'a' && first <= 'z')
		return lists[first - 'a' + 1];
	if (first >= '0' && first <= '9')
		return lists[0];
	return (struct channel_sources){ NULL, 0 };
}

enum source_category channel_source_find(const char *name, size_t n)
{
	if (n == 0)
		return SOURCE_OTHER;
	struct channel_sources list = channel_sources_at(name[0]);
	size_t low = 0;
	size_t high = list.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *entry = list.items[middle].name;
		/* Names differ within their first letters: faster than a call of strncmp. */
		size_t k = 0;
		while (k < n && entry[k] == name[k])
			k++;
		if (k == n && entry[n] == '\0')
			return list.items[middle].category;
		if (k < n && (unsigned char)entry[k] < (unsigned char)name[k])
			low = middle + 1;
		else
			high = middle;
	}
	return SOURCE_OTHER;
}
