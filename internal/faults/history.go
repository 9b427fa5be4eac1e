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
	// changes are each subject's, in order, but for those of its stock, which are in
	// stock, in order too. final is what the tables hold.
	changes map[subject][]change
	stock   map[subject][]change
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
		changes: map[subject][]change{}, stock: map[subject][]change{}, final: load.NewFinal(),
	}, nil
}

// read reads what was written since the last time.
func (h *history) read() error {
	for {
		e, err := h.reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = h.add(e)
		}
		if err != nil {
			return err
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
		s, err := subjectOf(c)
		if err != nil {
			return err
		}
		c.Key = "" // Raw changes of one aggregate have its key.
		if c.Table != load.Stock || c.Op == "c" {
			h.changes[s] = append(h.changes[s], change{c, e.N})
			continue
		}
		if h.stock[s], err = byVersion(h.stock[s], change{c, e.N}); err != nil {
			return err
		}
	}
	return nil
}

// subjectOf is whose row a change is of.
func subjectOf(c load.Change) (subject, error) {
	aggregate, column, err := route(c.Table)
	if err != nil {
		return subject{}, err
	}
	row := max(c.After, c.Before)
	var values map[string]json.RawMessage
	var id uint64
	if err = json.Unmarshal([]byte(row), &values); err == nil {
		err = json.Unmarshal(values[column], &id)
	}
	if err != nil {
		return subject{}, fmt.Errorf("read whose row of %s is %s: %w", c.Table, row, err)
	}
	return subject{aggregate, id}, nil
}

func (h *history) close() error { return errors.Join(h.file.Close(), h.reading.Close()) }
