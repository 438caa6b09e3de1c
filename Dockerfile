# Dialtone Kit in a container: JupyterLab with the lessons, or the local service alone.
#
#   docker build -t dialtone-kit .
#   docker run --init --rm -p 127.0.0.1:8888:8888 -v dialtone:/home/learner dialtone-kit
#   docker run --init --rm --network host dialtone-kit serve
#
# docs/where-to-run.md says more. Python and every package are those that Binder has (binder/).

FROM python:3.13-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/dialtone
COPY binder/requirements.txt /build/
RUN /opt/dialtone/bin/pip install --require-hashes --requirement /build/requirements.txt
COPY pyproject.toml README.md LICENSE /build/
COPY dialtone_kit /build/dialtone_kit
COPY notebooks /build/notebooks
RUN /opt/dialtone/bin/pip install --no-index --no-deps --no-build-isolation /build

FROM python:3.13-slim-trixie
COPY --from=build /opt/dialtone /opt/dialtone
COPY container/healthy.py /opt/dialtone/healthy.py
RUN useradd --create-home --uid 1000 learner
USER 1000
WORKDIR /home/learner
ENV PATH=/opt/dialtone/bin:$PATH
# `lab` copies the lessons to ~/notebooks if they aren't there. It listens on all interfaces of the
# container: only ports that you publish leave it.
EXPOSE 8888
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "/opt/dialtone/healthy.py"]
ENTRYPOINT ["dialtone"]
CMD ["lab", "notebooks", "--no-browser", "--port", "8888", "--ServerApp.ip=0.0.0.0"]
