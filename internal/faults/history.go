package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"telltale/load"
)

// change is one of the load's, with the step that made it.
type change struct {
	load.Change
	transaction int64
}

// history is the record of a load that goes on, as far as it was read.
type history struct {
	// file is what the load writes to, and reader reads it apart.
	file    *os.File
	reading *os.File
	reader  *load.RecordReader
	// changes are each customer's, in order; final is what the tables hold.
	changes map[uint64][]change
	final   *load.Final
}

func newHistory(name string) (*history, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create the load's record: %w", err)
	}
	reading, err := os.Open(name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the load's record: %w", err), file.Close())
	}
	return &history{
		file: file, reading: reading, reader: load.NewRecordReader(reading),
		changes: map[uint64][]change{}, final: load.NewFinal(),
	}, nil
}

// read reads what was written since the last time, and returns everything.
func (h *history) read() (map[uint64][]change, error) {
	for {
		e, err := h.reader.Next()
		if errors.Is(err, io.EOF) {
			return h.changes, nil
		}
		if err == nil {
			err = h.add(e)
		}
		if err != nil {
			return nil, err
		}
	}
}

func (h *history) add(e load.Entry) error {
	if err := h.final.Add(e); err != nil {
		return err
	}
	if !e.Outcome.Took() {
		return nil
	}
	for _, c := range e.Changes {
		customer, err := customerOf(c)
		if err != nil {
			return err
		}
		if customer == 0 {
			continue
		}
		c.Key = "" // Raw changes of one aggregate have its key.
		h.changes[customer] = append(h.changes[customer], change{c, e.N})
	}
	return nil
}

// customerOf is whose row a change is of; zero for rows of products.
func customerOf(c load.Change) (uint64, error) {
	var row struct {
		ID       uint64 `json:"id"`
		Customer uint64 `json:"customer_id"`
	}
	if err := json.Unmarshal([]byte(max(c.After, c.Before)), &row); err != nil {
		return 0, fmt.Errorf("read whose row of %s is %s: %w", c.Table, max(c.After, c.Before), err)
	}
	switch c.Table {
	case load.Customers:
		return row.ID, nil
	case load.SignIns, load.Addresses, load.Consents:
		return row.Customer, nil
	}
	return 0, nil
}

func (h *history) close() error { return errors.Join(h.file.Close(), h.reading.Close()) }
