package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Order is what the API tells of an order when it is read back. The reply's
// hash does not cover it: it rests on TLS alone.
type Order struct {
	// Bill is the order's number as the reply names it, 0 if it does not.
	Bill uint64
	// Payment is pay_status in lower case: paid, waiting, cancel, or another.
	Payment string
	// Paid is when it was paid, in unix seconds; 0 if it was not.
	Paid int64
}

// errOrder is behind every error of ReadOrder.
var errOrder = errors.New("reading an order")

// ReadOrder reads the result of Details. Numbers may come as strings, a date
// that is not set as null, "", false or 0, and the order as the only one of a
// list. What is not understood, or comes twice, is an error: nothing may be
// settled by a guess.
func ReadOrder(result []byte) (Order, error) {
	parts, err := orderMembers(result)
	if err != nil {
		return Order{}, fmt.Errorf("%w: %w", errOrder, err)
	}
	var payment string
	if err := json.Unmarshal(parts["pay_status"], &payment); err != nil || strings.TrimSpace(payment) == "" {
		return Order{}, fmt.Errorf("%w: it has no pay_status", errOrder)
	}
	bill, billOK := number(parts["id"])
	paid, paidOK := number(parts["paid"])
	switch {
	case !billOK:
		return Order{}, fmt.Errorf("%w: its id is no number", errOrder)
	case !paidOK:
		return Order{}, fmt.Errorf("%w: its payment date is no number of seconds", errOrder)
	}
	return Order{Bill: bill, Payment: strings.ToLower(strings.TrimSpace(payment)), Paid: int64(paid)}, nil
}

// orderMembers gives the members that matter, by their exact names.
func orderMembers(result []byte) (map[string]json.RawMessage, error) {
	var list []json.RawMessage
	if json.Unmarshal(result, &list) == nil {
		if len(list) != 1 {
			return nil, fmt.Errorf("there are %d instead of one", len(list))
		}
		result = list[0]
	}
	if !json.Valid(result) || !bytes.HasPrefix(bytes.TrimSpace(result), []byte("{")) {
		return nil, errors.New("there is none")
	}
	// From here on the decoder cannot fail: the whole text is valid.
	parts := map[string]json.RawMessage{}
	d := json.NewDecoder(bytes.NewReader(result))
	for d.Token(); d.More(); {
		name, _ := d.Token()
		var value json.RawMessage
		d.Decode(&value)
		key, _ := name.(string)
		if !slices.Contains([]string{"id", "pay_status", "paid"}, key) {
			continue
		}
		if _, twice := parts[key]; twice {
			return nil, fmt.Errorf("its %s comes twice", key)
		}
		parts[key] = value
	}
	return parts, nil
}

// number reads an integer or a string of one; what PHP takes for empty is 0.
func number(raw json.RawMessage) (uint64, bool) {
	text := string(raw)
	switch text {
	case "null", "false":
		return 0, true
	}
	if strings.HasPrefix(text, `"`) {
		json.Unmarshal(raw, &text) // it cannot fail: it is a valid string
		text = strings.TrimSpace(text)
	}
	if text == "" || text == "0" {
		return 0, true
	}
	return wholeNumber(text)
}
