// Package web shows the shop to browsers, as pages that need no script, and to
// programs, as a JSON API.
//
// # Pages
//
//	GET  /            welcome
//	GET  /register    a form to open an account;   POST registers and signs in
//	GET  /sign-in     a form to sign in;           POST signs in
//	POST /sign-out    ends the session
//	GET  /account     the customer's own details and last ten sign-ins;
//	                  POST changes the details
//	POST /account/close                  closes the account, with the password
//	POST /account/consent                whether to be told of offers
//	GET  /account/addresses              the customer's addresses
//	GET  /account/addresses/new          a form for another one
//	POST /account/addresses              adds it
//	GET  /account/addresses/7            a form of one;   POST changes it
//	POST /account/addresses/7/default    makes it the one that is offered first
//	POST /account/addresses/7/remove     removes it
//	GET  /products    what is sold, by ?category=, ?q= and page by page
//	GET  /products/7  one product with its reviews, older ones by ?before=
//	POST /products/7/review              writes or changes the customer's own review
//	GET  /basket      the customer's basket;   POST puts a product into it
//	POST /basket/7         changes how many of product 7 are in it
//	POST /basket/7/remove  takes it out
//	GET  /checkout    what would be ordered, and to where;   POST orders it
//	GET  /orders      the customer's orders, older ones by ?before=
//	GET  /orders/7    one order
//	POST /orders/7/cancel   cancels it
//	GET  /orders/7/pay      ways to pay an order;   POST pays it by card
//	GET  /orders/7/invoice  the invoice of an order that was paid, fit to be printed
//
// and for staff, who sign in apart from customers:
//
//	GET  /staff/sign-in            a form to sign in;   POST signs in
//	POST /staff/sign-out           ends the session
//	GET  /staff/products           any products, by ?category=, ?q= and ?low
//	GET  /staff/products/new       a form for a product that is not there yet
//	POST /staff/products           adds it
//	GET  /staff/products/7         forms of a product and of its stock;
//	                               POST changes the product
//	POST /staff/products/7/stock   changes the stock
//	POST /staff/products/7/remove  removes the product
//	GET  /staff/reviews            all reviews, older ones by ?before=
//	POST /staff/reviews/7/hide     keeps a review from others' eyes
//	POST /staff/reviews/7/show     shows it again
//	GET  /staff/customers          customers, by ?q= (part of the name or of the
//	                               e-mail address) and ?after=
//	GET  /staff/customers/7        one customer: details, orders, addresses, consent,
//	                               last sign-ins;   POST changes the details
//	POST /staff/customers/7/close  closes the account
//	GET  /staff/orders             all orders, by ?q= (a number, or how an e-mail
//	                               address begins), ?status=, ?customer= and ?before=
//	GET  /staff/orders/7           one order
//	POST /staff/orders/7/cancel    cancels it
//	GET  /staff/orders/7/transfer  a form to record that the money came;   POST does
//	GET  /staff/orders/7/refund    a form to pay some of it back;          POST does
//	GET  /staff/orders/7/ship      a form to hand it to a carrier;         POST does
//
// A form that was answered with 422 or 409 keeps what the person typed, except
// for passwords. Each form that changes something carries the version that it
// shows, and what it was opened with, so that 409 can show, field by field, that,
// what the person wants and what is stored now, with the side chosen that alone was
// changed. A check-out carries what it shows of each line; 409 says what is different
// now, and orders nothing.
//
// /sign-in, /register and /staff/sign-in lead to the page of the shop that ?next= names,
// or to the account or the products; /account/addresses/new does too, or to the
// addresses. Who asks for a page without being signed in is sent to sign in and back.
//
// # API
//
// Bodies are JSON objects (Content-Type: application/json) of at most 64 KiB;
// unknown members are an error. Whoever registers or signs in gets a session
// cookie, which the other calls need.
//
//	POST   /api/customers     {…details, password}              201 customer
//	POST   /api/session       {email, password}                 201 customer
//	DELETE /api/session                                         204
//	GET    /api/customers/me                                    200 customer
//	PUT    /api/customers/me  {…details, version}               200 customer
//	POST   /api/customers/me/close         {password}           204
//	GET    /api/customers/me/sign-ins                           200 {sign_ins}
//	GET    /api/customers/me/consent                            200 consent
//	PUT    /api/customers/me/consent       {given}              200 consent
//	GET    /api/customers/me/addresses                          200 {addresses}
//	POST   /api/customers/me/addresses     postal               201 address
//	GET    /api/customers/me/addresses/7                        200 address
//	PUT    /api/customers/me/addresses/7   postal               200 address
//	DELETE /api/customers/me/addresses/7                        204
//	PUT    /api/customers/me/addresses/7/default                204
//	GET    /api/categories                                      200 {categories}
//	GET    /api/products?category=&q=&after=                    200 {products, next}
//	GET    /api/products/7                                      200 product
//	GET    /api/products/7/reviews?before=                      200 {reviews, count, average, next}
//	GET    /api/products/7/reviews/mine                         200 review
//	PUT    /api/products/7/reviews/mine    {rating, text}       200 review
//	GET    /api/basket                                          200 basket
//	PUT    /api/basket/lines/7             {quantity}           200 basket
//	DELETE /api/basket/lines/7                                  204
//	POST   /api/orders                     {address_id}         201 order
//	GET    /api/orders?before=                                  200 {orders, next}
//	GET    /api/orders/7                                        200 order
//	POST   /api/orders/7/cancel            {reason}             200 order
//	POST   /api/orders/7/payment           {card}               201 receipt
//	GET    /api/orders/7/payment                                200 payment
//	GET    /api/orders/7/shipment                               200 shipment
//
// and with the cookie that staff get:
//
//	POST   /api/staff/session     {email, password}             201 {id, email, name}
//	DELETE /api/staff/session                                   204
//	POST   /api/products          {sku, …listing, stock}        201 product
//	PUT    /api/products/7        listing                       200 product
//	DELETE /api/products/7                                      204
//	GET    /api/products/7/stock                                200 stock
//	PUT    /api/products/7/stock  {on_hand, reorder_level}      200 stock
//	GET    /api/staff/products?category=&q=&low&after=          200 {products, next}
//	GET    /api/staff/reviews?before=                           200 {reviews, next}
//	PUT    /api/reviews/7/hidden  {hidden}                      204
//	GET    /api/customers?q=&after=                             200 {customers, next}
//	GET    /api/customers/7                                     200 customer
//	PUT    /api/customers/7       details                       200 customer
//	DELETE /api/customers/7       closes the account            204
//	GET    /api/customers/7/addresses                           200 {addresses}
//	GET    /api/customers/7/consent                             200 consent
//	GET    /api/customers/7/orders?before=                      200 {orders, next}
//	GET    /api/customers/7/sign-ins                            200 {sign_ins}
//	GET    /api/staff/orders?q=&status=&customer=&before=       200 {orders, next}
//	GET    /api/staff/orders/7                                  200 order
//	POST   /api/staff/orders/7/cancel    {reason}               200 order
//	POST   /api/staff/orders/7/payment   {reference}            201 receipt
//	GET    /api/staff/orders/7/payment                          200 payment
//	POST   /api/staff/orders/7/refunds   {amount, reason}       201 refund
//	PUT    /api/staff/orders/7/shipment  {carrier, tracking}    200 shipment
//	GET    /api/staff/orders/7/shipment                         200 shipment
//
// A customer is
//
//	{"id": 7, "email": "bob@example.com", "name": "Bob", "phone": null,
//	 "country": "GB", "version": 1, "created_at": "…", "updated_at": "…"}
//
// of which details are email, name, phone and country.
//
// sign_ins are the customer's last ten, the newest first:
//
//	{"id": 9, "address": "203.0.113.9", "user_agent": "…", "signed_in_at": "…"}
//
// PUT replaces the details: a phone that is absent or null is removed, a country that
// is stays. It names the version that it was made from in If-Match or, where a customer
// changes her own, as a member.
//
// A consent is the customer's last decision whether to be told of offers, null
// before the first. A postal is what can be changed about an address, which has it
// with id, default, version, created_at and updated_at beside it:
//
//	{"given": true, "decided_at": "…"}
//	{"recipient": "Bob", "street": "1 High Street", "postcode": null,
//	 "city": "London", "country": "GB"}
//
// A listing is what can be changed about a product, which has it with id, sku,
// version, created_at and updated_at beside it; stock is the same with product_id:
//
//	{"name": "Rye", "description": "", "price": "3.90", "currency": "GBP",
//	 "attributes": {"origin": "Kent"}, "categories": ["bread"], "status": "active"}
//	{"product_id": 7, "on_hand": 5, "reorder_level": 2, "version": 1, "updated_at": "…"}
//
// Staff see drafts too, and in their list each product has its "stock" beside it.
//
// A review is
//
//	{"id": 3, "product_id": 7, "author": "Bob", "rating": 5, "text": "…",
//	 "version": 1, "created_at": "…", "updated_at": "…"}
//
// with customer_id and hidden beside it in the list that staff see.
//
// A basket's line has an obstacle where it cannot be ordered: not_sold, currency (it is
// priced in another than the rest), or stock, with how many are available. An order's
// status is placed, paid, shipped or cancelled. Its kept_until is when it is cancelled
// unless it is paid, null where the shop waits for ever or nothing waits. Staff see whose
// it is in "customer", and in the answer to who orders or cancels, at a till with both
// cookies for example, in "stock" what that left of each product. Lists leave out the
// lines:
//
//	{"lines": [{"product_id": 7, "sku": "BRD-001", "name": "Rye", "quantity": 2,
//	 "unit_price": "3.90", "currency": "GBP", "amount": "7.80", "obstacle": null,
//	 "available": null}], "total": "7.80", "currency": "GBP"}
//	{"id": 7, "customer_id": 7, "status": "placed", "total": "7.80",
//	 "currency": "GBP", "ship_to": postal, "placed_at": "…", "kept_until": "…",
//	 "cancelled_at": null, "cancel_reason": null, "updated_at": "…", "version": 1,
//	 "lines": [{"line": 1, "product_id": 7, "sku": "BRD-001", "name": "Rye",
//	 "unit_price": "3.90", "quantity": 2, "amount": "7.80"}]}
//
// Who orders names in If-Match the ETag of the basket that was looked at, or *: it
// stands for products, quantities and prices, and another gets 412 with the basket as
// it is now in "stored". What cannot be had gets 409 with the same. Who cancels names
// the order's ETag; where it is too late, 409.
//
// A receipt is what never changes about a payment, which has refunded, refunds and
// version beside it:
//
//	{"id": 5, "order_id": 7, "method": "card", "amount": "12.50", "currency": "GBP",
//	 "reference": "test-…", "paid_at": "…", "invoice": "2026-000042"}
//	{"id": 9, "order_id": 7, "amount": "2.50", "currency": "GBP", "reason": "…",
//	 "refunded_at": "…"}
//	{"id": 4, "order_id": 7, "carrier": "…", "tracking": null, "shipped_at": "…"}
//
// Who orders, pays, records a payment or refunds names the request in Idempotency-Key,
// in 1 to 64 visible ASCII characters: what comes again under the same key is answered
// as it was and done once, other things under it get 422. The key of an order or a
// payment is one of the customer's whose it is, that of a refund one of the member of
// staff who asks. A card that is declined gets 402 and leaves the key free. Who ships
// names the order's version in If-Match.
//
// Customers, addresses, products, stock, orders, baskets and one's own review are
// answered with an ETag, which but for addresses, baskets and staff's view of orders
// If-None-Match may name. The first PUT of a review says
// If-None-Match: *. Other PUTs of them, and DELETE, name in If-Match the one that
// they were made from, or *; without it they get 428, and 412 where it is no longer
// the stored one, unless the change asks for what is stored anyway.
//
// Errors are problem details (RFC 9457, application/problem+json) with a member
// "code" that programs can rely on: invalid (422, with "errors": sentence by
// field), conflict (409, or 412 after If-Match, with "yours": what was asked for
// and "stored": what there is now), precondition_required (428), unauthenticated
// (401), declined (402), forbidden (403), not_found (404), method_not_allowed (405),
// too_large (413), unsupported_media_type (415), malformed (400), too_many (429, with
// Retry-After), unavailable (503, with Retry-After) and internal (500).
//
// # Requests
//
// X-Request-Id and traceparent are taken from the request where they are well
// formed and made up otherwise; X-Request-Id is also returned. Both reach the
// database as comments of the statements that the request causes. Where traces
// are recorded, the traceparent there is the request's own span.
package web
