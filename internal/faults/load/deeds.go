package load

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// ending is how a transaction ends.
type ending int

const (
	// auto is a single statement that commits by itself.
	auto ending = iota
	commit
	rollback
	// cut loses the answer to its commit.
	cut
)

// deed is a kind of transaction, chosen as often as its weight says.
type deed struct {
	name   string
	weight int
	end    ending
	do     func(*transaction, context.Context) error
}

// deeds are what happens in the shop's database.
func deeds() []deed {
	return []deed{
		{"rename", 30, auto, (*transaction).rename},
		{"register", 8, auto, (*transaction).registerOne},
		{"sign in", 14, commit, (*transaction).signInOne},
		{"change a form", 8, auto, (*transaction).form},
		{"rename by hand", 8, auto, (*transaction).byHand},
		{"rename several", 4, auto, (*transaction).several},
		{"register several", 2, auto, (*transaction).registerSeveral},
		{"change nothing", 4, auto, (*transaction).nothing},
		{"touch", 4, auto, (*transaction).touch},
		{"roll back", 6, rollback, (*transaction).household},
		{"go back to a savepoint", 6, commit, (*transaction).savepoint},
		{"change two tables", 4, commit, (*transaction).household},
		{"lose the answer", 1, cut, (*transaction).household},
		{"delete", 1, commit, (*transaction).removeOne},
	}
}

func (w *writer) choose() deed {
	all, total := deeds(), 0
	for _, d := range all {
		total += d.weight
	}
	at := w.random.IntN(total)
	for _, d := range all {
		if at -= d.weight; at < 0 {
			return d
		}
	}
	panic("the weights do not add up to their sum")
}

func (w *writer) pick() uint64 { return w.alive[w.random.IntN(len(w.alive))] }

// rename is what the shop's form does.
func (t *transaction) rename(ctx context.Context) error {
	id := t.pick()
	return t.update(ctx, edit{name: t.unique("Ann-Marie O'Neill"), version: true}, t.request(id), id)
}

func (t *transaction) firstCustomers(ctx context.Context) error {
	_, err := t.register(ctx, crowd, origin{})
	return err
}

func (t *transaction) registerOne(ctx context.Context) error {
	_, err := t.register(ctx, 1, origin{actor: "visitor", request: t.unique("request")})
	return err
}

func (t *transaction) registerSeveral(ctx context.Context) error {
	_, err := t.register(ctx, 2+t.random.IntN(4), origin{})
	return err
}

func (t *transaction) signInOne(ctx context.Context) error { return t.signIn(ctx, t.pick()) }

// form changes all that a form has, or gives up the phone number.
func (t *transaction) form(ctx context.Context) error {
	id := t.pick()
	e := edit{name: t.unique("陳 \\ \"Quote\""), version: true, phone: "NULL"}
	if t.customer(id).Phone == "" || t.random.IntN(3) > 0 {
		e.phone = fmt.Sprintf("+49 30 %d", t.random.IntN(10_000_000))
		e.email = t.email()
	}
	return t.update(ctx, e, t.request(id), id)
}

// byHand is an update in a SQL shell, which knows neither versions nor comments.
func (t *transaction) byHand(ctx context.Context) error {
	return t.update(ctx, edit{name: t.unique("Bobby'); DROP TABLE")}, origin{}, t.pick())
}

func (t *transaction) several(ctx context.Context) error {
	return t.update(ctx, edit{name: t.unique("Everybody")}, origin{}, t.picks(3+t.random.IntN(6))...)
}

// nothing sets some to what they are: the server logs only the others.
func (t *transaction) nothing(ctx context.Context) error {
	ids := t.picks(3)
	return t.update(ctx, edit{name: t.customer(ids[0]).Name}, origin{}, ids...)
}

func (t *transaction) touch(ctx context.Context) error {
	return t.update(ctx, edit{touched: true}, origin{}, t.pick())
}

// household renames a customer, registers another, signs both in, and renames
// the first again.
func (t *transaction) household(ctx context.Context) error {
	id := t.pick()
	if err := t.update(ctx, edit{name: t.unique("Zaphod"), version: true}, t.request(id), id); err != nil {
		return err
	}
	born, err := t.register(ctx, 1, t.request(id))
	if err != nil {
		return err
	}
	for _, who := range []uint64{born[0], id} {
		if err := t.signIn(ctx, who); err != nil {
			return err
		}
	}
	return t.update(ctx, edit{name: t.unique("Trillian"), version: true}, origin{}, id)
}

// savepoint takes back the middle of a transaction.
func (t *transaction) savepoint(ctx context.Context) error {
	id := t.pick()
	if err := t.update(ctx, edit{name: t.unique("before"), version: true}, t.request(id), id); err != nil {
		return err
	}
	if err := t.command(ctx, "SAVEPOINT middle"); err != nil {
		return err
	}
	changes, rows, signIns := len(t.changes), maps.Clone(t.rows), maps.Clone(t.signIns)
	if err := t.update(ctx, edit{name: t.unique("taken back")}, origin{}, t.picks(2)...); err != nil {
		return err
	}
	if err := t.signIn(ctx, id); err != nil {
		return err
	}
	if err := t.command(ctx, "ROLLBACK TO SAVEPOINT middle"); err != nil {
		return err
	}
	t.changes, t.rows, t.signIns = t.changes[:changes], rows, signIns
	return t.update(ctx, edit{phone: fmt.Sprintf("+47 22 %d", t.random.IntN(1_000_000)), version: true}, t.request(id), id)
}

// removeOne deletes a customer where there are plenty.
func (t *transaction) removeOne(ctx context.Context) error {
	if len(t.alive) <= crowd {
		return t.touch(ctx)
	}
	return t.remove(ctx, t.pick())
}

// marked is how many customers a writer's mark renames: with four writers, one
// of 6 partitions is left out once in 10^12 times.
const marked = 40

func (t *transaction) mark(ctx context.Context) error {
	newest := t.alive[len(t.alive)-min(len(t.alive), marked):]
	return t.update(ctx, edit{name: t.unique("mark")}, origin{}, newest...)
}

// picks are some customers, each once, in the order of their ids.
func (w *writer) picks(count int) []uint64 {
	var ids []uint64
	for range count {
		ids = append(ids, w.pick())
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
