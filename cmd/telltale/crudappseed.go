package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"telltale/config"
	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/mysql"
)

func newCRUDAppSeedCommand(e env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "seed",
		Short: "Fill the shop's shelves with a small assortment and end",
		Long:  "Fill the shop's shelves with a small assortment and end. What is there stays as it is, so\nto seed twice adds nothing.",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withShop(cmd, e, 0, func(_ *process, store *mysql.Store) error {
				goods := catalogue.New(catalogue.Options{Store: store})
				added, err := goods.Seed(crudapp.WithActor(cmd.Context(), "seed"))
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(e.stdout, "added %d categories and %d products\n", added.Categories, added.Products)
				return err
			})
		},
	}
	config.AddFlags(cmd.Flags(), config.StageCRUDApp)
	return cmd
}
