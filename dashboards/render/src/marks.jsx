// A stand-in for Grafana's annotations: moments and spans across a plot, in their colour.

import { useLayoutEffect } from 'react';

export function Marks({ builder, annotations }) {
  useLayoutEffect(() => {
    const frame = annotations?.[0];
    if (!frame) {
      return;
    }
    const column = (name) => frame.fields.find((field) => field.name === name).values;
    const [starts, ends, colours] = [column('time'), column('timeEnd'), column('color')];
    builder.addHook('draw', (plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      for (let i = 0; i < starts.length; i++) {
        const [left, right] = [plot.valToPos(starts[i], 'x', true), plot.valToPos(ends[i], 'x', true)];
        ctx.globalAlpha = 0.12;
        ctx.fillStyle = colours[i];
        ctx.fillRect(left, bbox.top, right - left, bbox.height);
        ctx.globalAlpha = 0.8;
        ctx.strokeStyle = colours[i];
        ctx.setLineDash([4, 4]);
        for (const at of right - left > 1 ? [left, right] : [left]) {
          ctx.beginPath();
          ctx.moveTo(at, bbox.top);
          ctx.lineTo(at, bbox.top + bbox.height);
          ctx.stroke();
        }
      }
      ctx.restore();
    });
  }, [builder, annotations]);
  return null;
}
