/* The text of the page, which embed.cmake makes. */
#ifndef WEB_PAGE_TEXT_H
#define WEB_PAGE_TEXT_H

extern const char web_page_text[]; /* ends with a 0 */

#endif
