package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"telltale/config"
	"telltale/crudapp"
	"telltale/crudapp/argon2id"
	"telltale/crudapp/mysql"
)

// maxPasswordFile is far more than any password and keeps a wrong file out of
// memory.
const maxPasswordFile = 64 << 10

func newCRUDAppStaffCommand(e env) *cobra.Command {
	return newGroup("staff", "Say who may use the shop's staff pages", newCRUDAppStaffAddCommand(e))
}

func newCRUDAppStaffAddCommand(e env) *cobra.Command {
	var name, file string
	cmd := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Let somebody into the staff pages, with a password from standard input or a file",
		Long: "Let somebody into the staff pages. The password is the first line of standard input, or of\n" +
			"the file that --password-file names; it is never an argument, which others could see.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef(cmd, "want one e-mail address, not %q", args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := readPassword(cmd.InOrStdin(), file)
			if err != nil {
				return err
			}
			if name == "" {
				name, _, _ = strings.Cut(args[0], "@")
			}
			return withShop(cmd, e, 0, func(_ *process, store *mysql.Store) error {
				accounts := crudapp.NewStaffAccounts(crudapp.StaffOptions{Store: store, Passwords: argon2id.New(argon2id.Options{})})
				staff, err := accounts.Add(crudapp.WithActor(cmd.Context(), "operator"), args[0], name, password)
				if err != nil {
					return fmt.Errorf("add %s to the staff: %w", args[0], spelledOut(err))
				}
				_, err = fmt.Fprintf(e.stdout, "%s may sign in at /staff as %s\n", staff.Name, staff.Email)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "what the person is called (default: what stands before the @)")
	cmd.Flags().StringVar(&file, "password-file", "", "file whose first line is the password (default: standard input)")
	config.AddFlags(cmd.Flags(), config.StageCRUDApp)
	return cmd
}

// readPassword returns the first line of a file, or of stdin where none is named.
func readPassword(stdin io.Reader, file string) (string, error) {
	from, name := stdin, "standard input"
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		defer f.Close()
		from, name = f, file
	}
	text, err := io.ReadAll(io.LimitReader(from, maxPasswordFile))
	if err != nil {
		return "", fmt.Errorf("read the password from %s: %w", name, err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", fmt.Errorf("read the password from %s: its first line is empty", name)
	}
	return line, nil
}

// spelledOut returns what is wrong with values as one error that says all of it.
func spelledOut(err error) error {
	e, ok := errors.AsType[*crudapp.Error](err)
	if !ok || len(e.Fields) == 0 {
		return err
	}
	sentences := make([]string, 0, len(e.Fields))
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		sentences = append(sentences, e.Fields[field])
	}
	return errors.New(strings.Join(sentences, " "))
}
