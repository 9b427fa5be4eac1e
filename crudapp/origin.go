package crudapp

import (
	"context"
	"strings"
)

// Origin says where a piece of work comes from. It travels in the context down
// to the statements, which carry it as comments, so that whoever looks at the
// database can tell which request and whom a statement belongs to.
type Origin struct {
	// Actor is who caused the work, for example "customer:7"; empty while
	// unknown.
	Actor string
	// RequestID names the request.
	RequestID string
	// Traceparent is the W3C trace context of the request.
	Traceparent string
}

// TraceID is the id of the trace that Traceparent names, or empty.
func (o Origin) TraceID() string {
	_, rest, _ := strings.Cut(o.Traceparent, "-")
	id, _, _ := strings.Cut(rest, "-")
	return id
}

type originKey struct{}

// WithOrigin returns a context that carries o.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// WithActor returns a context with the same origin as ctx but for the actor.
func WithActor(ctx context.Context, actor string) context.Context {
	o := OriginFrom(ctx)
	o.Actor = actor
	return WithOrigin(ctx, o)
}

// OriginFrom returns the origin that ctx carries, or the zero Origin.
func OriginFrom(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
