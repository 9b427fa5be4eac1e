// Package web shows the shop's accounts to browsers, as pages that need no
// script, and to programs, as a JSON API.
//
// # Pages
//
//	GET  /            welcome
//	GET  /register    a form to open an account;   POST registers and signs in
//	GET  /sign-in     a form to sign in;           POST signs in
//	POST /sign-out    ends the session
//	GET  /account     the customer's own details and last ten sign-ins;
//	                  POST changes the details
//
// A form that was answered with 422 or 409 keeps what the person typed, except
// for passwords. Each details form carries the version that it shows; 409 shows
// what the person wanted beside what is stored now.
//
// # API
//
// Bodies are JSON objects (Content-Type: application/json) of at most 64 KiB;
// unknown members are an error. Whoever registers or signs in gets a session
// cookie, which the other calls need.
//
//	POST   /api/customers     {email, name, phone, password}    201 customer
//	POST   /api/session       {email, password}                 201 customer
//	DELETE /api/session                                         204
//	GET    /api/customers/me                                    200 customer
//	PUT    /api/customers/me  {email, name, phone, version}     200 customer
//	GET    /api/customers/me/sign-ins                           200 {sign_ins}
//
// A customer is
//
//	{"id": 7, "email": "bob@example.com", "name": "Bob", "phone": null,
//	 "version": 1, "created_at": "…", "updated_at": "…"}
//
// sign_ins are the customer's last ten, the newest first:
//
//	{"id": 9, "address": "203.0.113.9", "user_agent": "…", "signed_in_at": "…"}
//
// PUT replaces all three details: a phone that is absent or null is removed. It
// names the version that it was made from.
//
// Errors are problem details (RFC 9457, application/problem+json) with a member
// "code" that programs can rely on: invalid (422, with "errors": sentence by
// field), conflict (409, with "yours": what was asked for and "stored": the
// customer now), unauthenticated (401), forbidden (403), not_found (404),
// method_not_allowed (405), too_large (413), unsupported_media_type (415),
// malformed (400), too_many (429, with Retry-After), unavailable (503, with
// Retry-After) and internal (500).
//
// # Requests
//
// X-Request-Id and traceparent are taken from the request where they are well
// formed and made up otherwise; X-Request-Id is also returned. Both reach the
// database as comments of the statements that the request causes. Where traces
// are recorded, the traceparent there is the request's own span.
package web
