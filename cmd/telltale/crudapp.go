package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"telltale/config"
	"telltale/crudapp"
	"telltale/crudapp/argon2id"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
	"telltale/crudapp/mysql"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
	"telltale/crudapp/review"
	"telltale/crudapp/shipment"
	"telltale/crudapp/web"
	"telltale/internal/ops"
)

const (
	// watchEvery is the pause between two looks at the shop's database.
	watchEvery = 2 * time.Second
	// releaseEvery is that between two looks for orders that nobody pays.
	releaseEvery = time.Minute
)

func newCRUDAppCommand(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "crudapp",
		Short: "Serve the shop, an ordinary application on MySQL",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withShop(cmd, e, 0, func(p *process, store *mysql.Store) error {
				return p.serveShop(cmd.Context(), store)
			})
		},
	}
	config.AddFlags(cmd.Flags(), config.StageCRUDApp)
	cmd.AddCommand(newCRUDAppMigrateCommand(e), newCRUDAppSeedCommand(e), newCRUDAppStaffCommand(e))
	return cmd
}

func newCRUDAppMigrateCommand(e env) *cobra.Command {
	var to int64
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the shop's tables up to date and end",
		Long: "Bring the shop's tables up to date and end. The shop does so itself when it starts;\n" +
			"this is for a user with more rights than the shop should have. Each step can run\n" +
			"while the version of the shop before it serves; --to takes them one by one.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withShop(cmd, e, to, func(*process, *mysql.Store) error {
				if to > 0 {
					_, err := fmt.Fprintf(e.stdout, "the shop's tables are at version %d or beyond\n", to)
					return err
				}
				_, err := fmt.Fprintln(e.stdout, "the shop's tables are up to date")
				return err
			})
		},
	}
	cmd.Flags().Int64Var(&to, "to", 0, "version of the tables to stop at; 0 means the newest")
	config.AddFlags(cmd.Flags(), config.StageCRUDApp)
	return cmd
}

// withShop calls f with tracing set up and the shop's database open and migrated to
// the given version, 0 for the newest.
func withShop(cmd *cobra.Command, e env, version int64, f func(*process, *mysql.Store) error) error {
	ctx := cmd.Context()
	p, err := newProcess(cmd, e, of(config.StageCRUDApp))
	if err != nil {
		return err
	}
	// What is wrong with it must show before the tables are changed.
	if err := p.openTraces(ctx); err != nil {
		return err
	}
	defer p.traces.Close()
	if err := p.preflight(ctx, config.StageCRUDApp); err != nil {
		return err
	}
	store, err := mysql.Open(ctx, p.CRUDApp.DSN, p.encryption[config.StageCRUDApp])
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.MigrateTo(ctx, mysql.Target{Version: version, Country: p.CRUDApp.Country}); err != nil {
		return err
	}
	return f(p, store)
}

// serveShop serves the pages, watches the database for them and cancels what nobody
// pays.
//
//	http.listen ──► web.Server ──► web.Handler ─┬─► crudapp.Accounts, StaffAccounts ─┬─► mysql.Store ◄── watch
//	                                            ├─► contact.Book, review.Reviews ────┤
//	                                            ├─► order.Orders, payment.Payments, ─┤
//	                                            │   shipment.Shipments               │
//	                                            └─► catalogue.Catalogue ─────────────┘
func (p *process) serveShop(ctx context.Context, store *mysql.Store) error {
	server, listener, err := p.newShop(ctx, store)
	if err != nil {
		return err
	}
	p.logger.Info("the shop is served", "address", listener.Addr().String())
	release := order.Release{Every: releaseEvery, Logger: p.component(config.StageCRUDApp)}
	return p.run(
		ctx,
		actor{name: "crudapp", run: func(ctx context.Context) error { return ops.Serve(ctx, server, listener) }},
		actor{name: "unpaid orders", run: func(ctx context.Context) error { return newOrders(store, p.CRUDApp).Release(ctx, release) }},
		actor{name: "database watch", run: func(ctx context.Context) error { return p.watch(ctx, "database", store.Ping) }},
	)
}

func (p *process) newShop(ctx context.Context, store *mysql.Store) (*http.Server, net.Listener, error) {
	proxies := make([]netip.Prefix, 0, len(p.CRUDApp.TrustedProxies))
	for _, s := range p.CRUDApp.TrustedProxies {
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, nil, fmt.Errorf("read crudapp.trusted_proxies: %w", err)
		}
		proxies = append(proxies, prefix)
	}
	handler := newShopHandler(store, p.CRUDApp, web.Options{
		Logger:          p.component(config.StageCRUDApp),
		InsecureCookies: p.CRUDApp.InsecureCookies,
		TrustedProxies:  proxies,
		Registerer:      p.registry,
		Traces:          p.traces.Provider(string(config.StageCRUDApp)),
	})
	listener, err := listen(ctx, "http.listen", p.HTTP.Listen)
	if err != nil {
		return nil, nil, err
	}
	// Requests under way outlive the signal that ends the process, for as long as
	// serve lets them.
	return web.NewServer(context.WithoutCancel(ctx), handler, p.component(config.StageCRUDApp)), listener, nil
}

// newShopHandler returns the handler over one store of the shop that c describes, with
// the rest of o.
func newShopHandler(store *mysql.Store, c config.CRUDApp, o web.Options) http.Handler {
	passwords := argon2id.New(argon2id.Options{})
	o.Accounts = crudapp.NewAccounts(crudapp.AccountsOptions{Store: store, Passwords: passwords, Country: c.Country})
	o.Staff = crudapp.NewStaffAccounts(crudapp.StaffOptions{Store: store, Passwords: passwords})
	o.Contact = contact.New(contact.Options{Store: store})
	o.Reviews = review.New(review.Options{Store: store})
	o.Catalogue = catalogue.New(catalogue.Options{Store: store})
	o.Orders = newOrders(store, c)
	o.Payments = payment.New(payment.Options{Store: store, Providers: providers(c.Payments)})
	o.Shipments = shipment.New(shipment.Options{Store: store})
	return web.New(o)
}

// newOrders returns the orders of the shop that c describes.
func newOrders(store *mysql.Store, c config.CRUDApp) *order.Orders {
	return order.New(order.Options{
		Store: store, Goods: catalogue.New(catalogue.Options{Store: store}), KeepFor: time.Duration(c.UnpaidHours) * time.Hour,
	})
}

// providers are the ways to pay that crudapp.payments names.
func providers(names []string) map[payment.Method]payment.Provider {
	all := map[payment.Method]payment.Provider{}
	for _, name := range names {
		switch name {
		case config.PayByTransfer:
			all[payment.MethodTransfer] = payment.Transfer{}
		case config.PayByTestCard:
			all[payment.MethodCard] = payment.TestCard{}
		}
	}
	return all
}

// watch keeps a part of the health at what ping says.
func (p *process) watch(ctx context.Context, part string, ping func(context.Context) error) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		attempt, cancel := context.WithTimeout(ctx, watchEvery)
		err := ping(attempt)
		cancel()
		if ctx.Err() == nil {
			p.health.Set(part, err)
		}
	}
}
