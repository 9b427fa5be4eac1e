package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"telltale/load"
	"telltale/load/api"
	"telltale/load/direct"
)

// How often a load tells of its progress, on a terminal and elsewhere.
const (
	onTerminal = time.Second
	inALog     = 5 * time.Second
)

// loadFlags are the flags of the load, which reads no configuration.
type loadFlags struct {
	api          string
	dsn, dsnFile string
	staffEmail   string
	staffFile    string
	mix, record  string
	rate, burst  float64
	seconds      int
	workers      int
	customers    int
	seed         uint64
	list         bool
}

func newLoadCommand(e env) *cobra.Command {
	var f loadFlags
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Put a realistic, seeded load on the shop",
		Long: "Put a realistic, seeded load on the shop, by its API or by statements in its database, for a time\n" +
			"or until Ctrl-C, and print what latencies came of it. The schedule does not wait for answers:\n" +
			"latency counts from when a deed was due. A few customers and products are far more popular than\n" +
			"others, and there are bursts. --list shows what it can do.\n\n" +
			"It registers customers of its own (…@load.example) and adds products (LOAD-…), which stay, and with\n" +
			"--dsn clerks, as whom nobody can sign in; of others' rows it changes the stock alone, as orders and\n" +
			"deliveries do. By the API it adds products, restocks, ships, refunds and the like only as a member of\n" +
			"staff (telltale crudapp staff add), whom --staff-email and --staff-password-file name.\n\n" +
			"A DSN on the command line can be seen by others on this machine; --dsn-file hides it.",
		Example: "  telltale load --api http://127.0.0.1:8080 --rate 50\n" +
			"  telltale load --api http://127.0.0.1:8080 --staff-email mary@example.com --staff-password-file password\n" +
			"  telltale load --dsn 'shell:…@tcp(127.0.0.1:3306)/shop' --rate 100 --seconds 60\n" +
			"  telltale load --dsn-file dsn --mix default,ddl=1,rename=0 --seed 7 --record load.jsonl",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.list {
				return listDeeds(e.stdout)
			}
			return runLoad(cmd, e, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.api, "api", "", "the shop's URL, http://127.0.0.1:8080")
	flags.StringVar(&f.staffEmail, "staff-email", "", "with --api, the member of the shop's staff who does what only staff may")
	flags.StringVar(&f.staffFile, "staff-password-file", "", "file whose first line is the password of --staff-email")
	flags.StringVar(&f.dsn, "dsn", "", "the shop's database, user:password@tcp(host:3306)/shop")
	flags.StringVar(&f.dsnFile, "dsn-file", "", "file whose first line is the DSN")
	flags.Float64Var(&f.rate, "rate", 20, "transactions that are due a second, on the average")
	flags.Float64Var(&f.burst, "burst", 3, "how many times that is due in one second of every ten; 1 for no bursts")
	flags.IntVar(&f.seconds, "seconds", 60, "how long transactions are begun; 0 is until Ctrl-C")
	flags.IntVar(&f.workers, "workers", 8, "how many transactions are made at the same time")
	flags.IntVar(&f.customers, "customers", 0, "customers that each worker begins with (default 40, with --api 3)")
	flags.Uint64Var(&f.seed, "seed", 0, "what decides the load (default: a random one, which is printed)")
	flags.StringVar(&f.mix, "mix", "default", "what is done: deed=weight,…, where default stands for the weights that --list shows")
	flags.StringVar(&f.record, "record", "", "file for a record of all that was committed, a JSON object a line; must not exist")
	flags.BoolVar(&f.list, "list", false, "list the deeds and end")
	return cmd
}

func listDeeds(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, target := range []struct {
		flag  string
		deeds []load.Deed
	}{{"--api", api.Deeds(true)}, {"--dsn", direct.Deeds()}} {
		fmt.Fprintf(table, "WITH %s\tWEIGHT\tWHAT IS DONE\n", target.flag)
		for _, d := range target.deeds {
			fmt.Fprintf(table, "%s\t%d\t%s\n", d.Name, d.Weight, d.Doc)
		}
	}
	return table.Flush()
}

// runLoad checks the flags, opens the target and lets the load run.
func runLoad(cmd *cobra.Command, e env, f loadFlags) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	if !cmd.Flags().Changed("seed") {
		f.seed = rand.Uint64()
	}
	target, err := f.open(cmd.Context())
	if err != nil {
		return err
	}
	record, closeRecord, err := createRecord(f.record)
	if err != nil {
		return errors.Join(err, target.Close())
	}
	fmt.Fprintf(e.stderr, "load: seed %d, %g a second, %s\n", f.seed, f.rate, f.span())
	if f.api != "" && f.staffEmail == "" {
		fmt.Fprintln(e.stderr, "load: nothing is done as staff, and the record lacks how much stock is left, without --staff-email")
	}
	l, err := load.Open(cmd.Context(), load.Options{
		Seed: f.seed, Rate: f.rate, Burst: f.burst, Workers: f.workers, Mix: f.mix, Record: record,
	}, target)
	if err == nil {
		err = runAndReport(cmd.Context(), e, l, f)
	}
	return errors.Join(err, l.Close(), closeRecord())
}

// check finds what makes no sense before anything is opened.
func (f loadFlags) check(cmd *cobra.Command) error {
	switch {
	case f.targets() != 1:
		return usagef(cmd, "want one of --api, --dsn and --dsn-file")
	case !(f.rate > 0 && f.rate <= load.MaxRate): // Nor NaN.
		return usagef(cmd, "--rate %g is not above 0, and at most %d", f.rate, load.MaxRate)
	case !(f.burst >= 1 && f.burst <= load.MaxBurst):
		return usagef(cmd, "--burst %g is not from 1 to %g", f.burst, load.MaxBurst)
	case f.seconds < 0:
		return usagef(cmd, "--seconds %d is below 0", f.seconds)
	case f.workers < 1:
		return usagef(cmd, "--workers %d is below 1", f.workers)
	case f.customers < 1 && cmd.Flags().Changed("customers"):
		return usagef(cmd, "--customers %d is below 1", f.customers)
	}
	return f.checkStaff(cmd)
}

// checkStaff finds a mix that is none, or that asks for what only staff may do where
// there is no member of theirs.
func (f loadFlags) checkStaff(cmd *cobra.Command) error {
	switch {
	case (f.staffEmail == "") != (f.staffFile == ""):
		return usagef(cmd, "want both of --staff-email and --staff-password-file")
	case f.staffEmail != "" && f.api == "":
		return usagef(cmd, "--staff-email is for --api alone")
	}
	deeds := direct.Deeds()
	if f.api != "" {
		deeds = api.Deeds(f.staffEmail != "")
	}
	mix, err := load.ParseMix(f.mix, deeds)
	if err != nil {
		return usagef(cmd, "--mix: %v", err)
	}
	if deed := api.ForStaff(mix); deed != "" && f.api != "" && f.staffEmail == "" {
		return usagef(cmd, "--mix: only staff can %s; name a member of theirs by --staff-email and --staff-password-file", deed)
	}
	return nil
}

func (f loadFlags) span() string {
	if f.seconds == 0 {
		return "until Ctrl-C"
	}
	return fmt.Sprintf("for %d s", f.seconds)
}

// targets is how many are named.
func (f loadFlags) targets() (n int) {
	for _, name := range []string{f.api, f.dsn, f.dsnFile} {
		if name != "" {
			n++
		}
	}
	return n
}

// open opens the target that is named.
func (f loadFlags) open(ctx context.Context) (load.Target, error) {
	if f.api != "" {
		o := api.Options{URL: f.api, Visitors: f.customers}
		if f.staffEmail != "" {
			password, err := readPassword(nil, f.staffFile)
			if err != nil {
				return nil, err
			}
			o.Clerk = api.Clerk{Email: f.staffEmail, Password: password}
		}
		return api.Open(ctx, o)
	}
	dsn, err := f.source()
	if err != nil {
		return nil, err
	}
	return direct.Open(ctx, direct.Options{DSN: dsn, Customers: f.customers})
}

// source is the DSN, wherever it stands.
func (f loadFlags) source() (string, error) {
	if f.dsn != "" {
		return f.dsn, nil
	}
	text, err := os.ReadFile(f.dsnFile)
	if err != nil {
		return "", fmt.Errorf("read the DSN: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line), nil
}

// createRecord opens a file that is not there yet; without a name nothing is kept.
func createRecord(name string) (io.Writer, func() error, error) {
	if name == "" {
		return nil, func() error { return nil }, nil
	}
	// It holds whatever the shop does of its customers.
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("create the record: %w", err)
	}
	return file, file.Close, nil
}

// runAndReport runs the load, tells of its progress meanwhile, and sums up,
// however it ended.
func runAndReport(ctx context.Context, e env, l *load.Load, f loadFlags) error {
	reporting, stop := context.WithCancel(context.WithoutCancel(ctx))
	var reporter sync.WaitGroup
	every, terminal := inALog, isTerminal(e.stderr)
	if terminal {
		every = onTerminal
	}
	reporter.Go(func() { l.Report(reporting, e.stderr, every, terminal) })
	err := l.Run(ctx, load.Span{For: time.Duration(f.seconds) * time.Second})
	stop()
	reporter.Wait()
	return errors.Join(err, l.Summary().Print(e.stdout))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
