// How far the page is, and what went wrong in which panel.

import { Component, useEffect } from 'react';

export const report = { expected: 0, drawn: {}, problems: [] };

export function problem(panel, error) {
  report.problems.push({ panel, message: String(error?.message ?? error) });
}

export class Boundary extends Component {
  state = {};

  static getDerivedStateFromError(error) {
    return { error };
  }

  componentDidCatch(error) {
    problem(this.props.panel, error);
  }

  render() {
    return this.state.error ? <pre style={{ whiteSpace: 'pre-wrap' }}>{String(this.state.error)}</pre> : this.props.children;
  }
}

/** A panel that says when it is drawn. */
export function told(Panel) {
  return function Told(props) {
    useEffect(() => {
      report.drawn[props.id] = true;
    });
    return (
      <Boundary panel={props.title || `panel ${props.id}`}>
        <Panel {...props} />
      </Boundary>
    );
  };
}
